"""A real ComfyUI server with this pack in its ``custom_nodes/``, on a free loopback port.

::

    python tools/host.py run -m tools.server [PORT]     serve until Ctrl-C

In code::

    with Server() as server:
        result = server.run_prompt(api_graph)
        png = result.images["9"][0]

Everything the server writes goes into a temporary base directory, gone afterwards.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .api.client import Client, ServerError
from .host import ROOT, Host, ensure

PACK = "ComfyUI-HRV"
START_SECONDS = 900.0  # a dead process is noticed at once; a busy machine may take long


class Server(Client):
    """Context manager around one server process; see Client for what it answers.

    Args:
        arguments: more command-line arguments for ComfyUI's ``main.py``.
        port: the port, 0 for any free one.
        cpu: False leaves the choice of device to ComfyUI.
        pack: the folder served as this pack.
        threads: of each computation on the CPU, 0 for the host's own choice.
    """

    def __init__(
        self,
        *,
        arguments: tuple[str, ...] = (),
        port: int = 0,
        cpu: bool = True,
        pack: Path = ROOT,
        threads: int = 0,
    ) -> None:
        self._arguments = (*(("--cpu",) if cpu else ()), *arguments)
        self._pack, self._threads = pack, threads
        self.port = port or free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        host = ensure()
        self._temporary = tempfile.TemporaryDirectory(
            prefix="hrv-server-", ignore_cleanup_errors=True
        )
        try:
            lay_out(self.base, self._pack)
            self._start(host)
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def base(self) -> Path:
        """The base directory: custom_nodes, models, input, output, user."""
        if self._temporary is None:
            raise ServerError("The server is not running.")
        return Path(self._temporary.name)

    @property
    def process(self) -> int:
        """The number of the process."""
        if self._process is None:
            raise ServerError("The server is not running.")
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything the server has printed so far."""
        return (self.base / "server.log").read_text(errors="replace")

    def stop(self) -> None:
        """End the process and remove the base directory."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def _start(self, host: Host) -> None:
        """Start the process, its output going to the log file."""
        command = [
            *(host.python, host.source / "main.py", "--listen", "127.0.0.1", "--port", self.port),
            *("--base-directory", self.base, "--database-url", "sqlite:///:memory:"),
            *("--disable-all-custom-nodes", "--whitelist-custom-nodes", PACK),
            *("--use-pytorch-cross-attention", *self._arguments),
        ]
        # Without PYTHONPATH: the project's own `nodes` must not shadow ComfyUI's.
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        if self._threads:
            env |= {"OMP_NUM_THREADS": str(self._threads), "MKL_NUM_THREADS": str(self._threads)}
        with (self.base / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=self.base,
            )

    def _wait(self) -> None:
        """Wait until the server answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise ServerError(f"ComfyUI stopped while starting.\n{self._tail()}")
            try:
                self.get("/system_stats")
                return
            except ServerError:
                time.sleep(0.2)
        raise ServerError(f"ComfyUI did not answer within {START_SECONDS:g} s.\n{self._tail()}")

    def _tail(self) -> str:
        """The end of the log, for error messages."""
        return "The end of its log:\n" + "\n".join(self.log.splitlines()[-30:])


def lay_out(base: Path, pack: Path = ROOT) -> None:
    """Fill a new base directory: the pack under its own name, no first-run tour in the page."""
    for name in ("custom_nodes", "input", "models", "output", "user/default"):
        (base / name).mkdir(parents=True)
    (base / "custom_nodes" / PACK).symlink_to(pack, target_is_directory=True)
    settings = {"Comfy.TutorialCompleted": True, "Comfy.Minimap.Visible": False}
    (base / "user/default/comfy.settings.json").write_text(json.dumps(settings))


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(argv: list[str]) -> int:
    """Serve the page until Ctrl-C."""
    with Server(port=int(argv[0]) if argv else 8188) as server:
        print(f"ComfyUI with {PACK}: {server.url} (Ctrl-C ends it)", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
