"""A file server on this machine, for what fetches files."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest


@dataclass
class Server:
    """A file server on this machine. `lengths` may announce more than is sent."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            server.asked.append(name)
            if name in server.redirects:
                self.send_response(302)
                self.send_header("Location", server.redirects[name])
                self.end_headers()
            elif name not in server.files:
                self.send_error(404)
            else:
                content = server.files[name]
                self.send_response(200)
                self.send_header("Content-Length", str(server.lengths.get(name, len(content))))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            return

    return Handler


@pytest.fixture
def file_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # must not be asked for this machine
    serving = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(serving))
    serving.url = f"http://127.0.0.1:{http.server_port}"
    thread = Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield serving
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def no_network() -> str:
    """An address on this machine where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
