"""A published file: where it is, how long it is, and how its bytes are known to be right."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from .download import Download, DownloadError, check_address

_LARGEST = 64 * 2**20  # bytes; a vector file of 100 concepts on SDXL has half a megabyte


class FileRecord(TypedDict):
    """A file as manifests write it."""

    url: str
    bytes: int
    sha256: str


def require_text(value: object, name: str) -> None:
    """ValueError for anything but a text with something in it."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} should be a text, not {value!r}")


@dataclass(frozen=True)
class RemoteFile:
    """One file as its publisher has it: https address, size in bytes, SHA-256 in hex."""

    url: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        check_address(self.url, loopback=False)
        if not 0 < self.size <= _LARGEST:
            raise ValueError(f"{self.url}: size {self.size} should be from 1 to {_LARGEST} bytes.")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError(f"{self.url}: {self.sha256!r} is not a SHA-256 of 64 hex digits.")

    @classmethod
    def of(cls, record: FileRecord) -> RemoteFile:
        """The file that a manifest writes down."""
        require_text(record["url"], "url")
        require_text(record["sha256"], "sha256")
        if not isinstance(record["bytes"], int):
            raise ValueError(f"bytes should be a whole number, not {record['bytes']!r}")
        return cls(record["url"], record["bytes"], record["sha256"])

    @property
    def name(self) -> str:
        """The file name, the last part of the address."""
        return self.url.rsplit("/", 1)[1]

    def fits(self, content: bytes) -> bool:
        """Whether `content` is this file."""
        return len(content) == self.size and hashlib.sha256(content).hexdigest() == self.sha256

    def address(self, base_url: str | None = None) -> str:
        """Where it is fetched from; `base_url` replaces everything before the file name."""
        return self.url if base_url is None else f"{base_url.rstrip('/')}/{self.name}"

    def content(self, received: Callable[[int], None], base_url: str | None = None) -> bytes:
        """The published bytes; DownloadError if they cannot be had.

        `received(bytes so far)` is called on the way; what it raises passes on.
        """
        url = self.address(base_url)
        content = Download(url, self.size, loopback=base_url is not None).read(received)
        if not self.fits(content):
            raise DownloadError("what arrived is not the published file: its checksum differs")
        return content
