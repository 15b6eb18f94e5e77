"""One small file over https, with its size known beforehand."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO
from urllib.parse import urlsplit

_BLOCK = 64 * 1024
_TIMEOUT = 30  # seconds without a byte
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class DownloadError(Exception):
    """The file could not be had; the message is the reason, without a full stop."""


def check_address(url: str, loopback: bool) -> None:
    """ValueError unless `url` is https, or where `loopback` allows it http on this machine."""
    parts = urlsplit(url)
    here = loopback and parts.scheme == "http" and parts.hostname in _LOOPBACK
    named = bool(parts.path.rsplit("/", 1)[-1]) and not (parts.query or parts.fragment)
    if not (here or (parts.scheme == "https" and parts.hostname)) or not named:
        raise ValueError(f"{url!r} should be an https:// address that ends in a file name.")


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https":
            raise DownloadError(f"it leads on to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True)
class Download:
    """A file of exactly `size` bytes at `url`; `loopback` also allows http on this machine."""

    url: str
    size: int
    loopback: bool = False

    def read(self, received: Callable[[int], None]) -> bytes:
        """The content. `received(bytes so far)` is called on the way; what it raises passes on."""
        content = bytearray()
        for block in self._blocks():
            content += block
            if len(content) > self.size:
                raise DownloadError(f"it is larger than the published {self.size} bytes")
            received(len(content))
        if len(content) < self.size:
            raise DownloadError(f"it ended after {len(content)} of {self.size} bytes")
        return bytes(content)

    def _blocks(self) -> Iterator[bytes]:
        check_address(self.url, self.loopback)
        handlers: list[urllib.request.BaseHandler] = [_SecureRedirects()]
        if urlsplit(self.url).scheme == "http":
            handlers.append(urllib.request.ProxyHandler({}))  # this machine needs no proxy
        opener = urllib.request.build_opener(*handlers)
        try:
            with opener.open(self.url, timeout=_TIMEOUT) as response:
                while block := response.read(_BLOCK):
                    yield block
        except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
            raise DownloadError(str(getattr(error, "reason", None) or error)) from error
