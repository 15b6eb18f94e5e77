"""Downloads by https, or from this machine."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.files.download import Download, DownloadError, check_address


def test_a_download_needs_a_server(no_network: str) -> None:
    with pytest.raises(DownloadError):
        Download(f"{no_network}/a", 10, loopback=True).read(lambda received: None)


@pytest.mark.parametrize("url", ["http://example.org/a", "http://127.0.0.1.example.org/a"])
def test_plain_http_never_leaves_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Download(url, 10, loopback=True).read(lambda received: None)
    check_address("http://127.0.0.1:80/a", loopback=True)
