"""Published HRVs arrive whole, checked and converted, or not at all."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hrv_pack.hrv.files.fetch import fetch_entry
from hrv_pack.hrv.files.hrv_file import load_relevance
from hrv_pack.hrv.files.manifest import ManifestEntry, read_manifest
from hrv_pack.hrv.files.remote_file import RemoteFile
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.tools.host import ROOT

MANIFEST = ROOT / "pretrained" / "manifest.json"
TABLE = HeadTable((("down", 0, 2), ("mid", 0, 2), ("up", 0, 4)))
VECTORS = np.array([[2, 0, 1, 1, 1, 1, 2, 0], [0, 0, 0, 4, 4, 0, 0, 0]], np.float32)
PLACES = {"vectors": "a/vectors.npy", "heads": "a/heads.npy", "words": "b/words.csv"}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


CONTENTS = {
    "vectors": _npy(VECTORS),
    "heads": _npy(np.array(TABLE.names)),
    "words": b"\xef\xbb\xbfAnimals\r\n\r\n1. Dog\r\n\r\nColor\r\n\r\n1. Red\r\n2. Blue\r\n",
}
TOTAL = sum(map(len, CONTENTS.values()))


def tiny_entry() -> ManifestEntry:
    return ManifestEntry(
        id="tiny",
        title="HRV tiny",
        family=TABLE.family,
        licence="Apache-2.0",
        repository="https://example.org/tiny",
        commit="0123abc",
        provenance={"seed": "22"},
        files={
            role: RemoteFile(
                f"https://example.org/{PLACES[role]}",
                len(content),
                hashlib.sha256(content).hexdigest(),
            )
            for role, content in CONTENTS.items()
        },
    )


@pytest.fixture
def server(file_server):
    """The file server with the three files of the tiny entry."""
    file_server.files = {PLACES[role].split("/")[1]: CONTENTS[role] for role in PLACES}
    return file_server


def test_fetch_converts_exactly_and_counts_every_byte(tmp_path: Path, server: Any) -> None:
    seen: list[tuple[int, int]] = []
    path = fetch_entry(tiny_entry(), tmp_path / "hrv", lambda *n: seen.append(n), server.url)
    fetched = load_relevance(path)
    assert np.array_equal(fetched.vectors.numpy(), VECTORS)
    assert fetched.heads == TABLE
    assert fetched.words == (("Dog",), ("Red", "Blue"))
    for key, value in {"licence": "Apache-2.0", "commit": "0123abc", "seed": "22"}.items():
        assert fetched.provenance[key] == value
    assert seen == sorted(seen)
    assert seen[-1] == (TOTAL, TOTAL)
    assert names_in(path.parent) == ["tiny.safetensors"]


def test_a_second_fetch_asks_nobody(tmp_path: Path, server: Any, no_network: str) -> None:
    first = fetch_entry(tiny_entry(), tmp_path, base_url=server.url)
    changed = first.stat().st_mtime_ns
    assert fetch_entry(tiny_entry(), tmp_path, base_url=no_network) == first
    assert first.stat().st_mtime_ns == changed
    assert len(server.asked) == 3


def test_a_broken_converted_file_is_made_again(tmp_path: Path, server: Any) -> None:
    (tmp_path / "tiny.safetensors").write_bytes(b"half")
    load_relevance(fetch_entry(tiny_entry(), tmp_path, base_url=server.url))


def _flip(name: str, server: Any) -> None:
    content = bytearray(server.files[name])
    content[-1] ^= 1
    server.files[name] = bytes(content)


def _cut(name: str, server: Any) -> None:
    server.lengths[name] = len(server.files[name])
    server.files[name] = server.files[name][:-3]


def _shorten(name: str, server: Any) -> None:
    server.files[name] = server.files[name][:-3]


def _lengthen(name: str, server: Any) -> None:
    server.files[name] += b"0" * 200_000


def _remove(name: str, server: Any) -> None:
    del server.files[name]


def _redirect(name: str, server: Any) -> None:
    server.redirects[name] = f"{server.url}/words.csv"


@pytest.mark.parametrize("name", ["vectors.npy", "words.csv"])
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_flip, "checksum differs"),
        (_cut, "ended after"),
        (_shorten, "ended after"),
        (_lengthen, "larger than the published"),
        (_remove, "404|Not Found"),
        (_redirect, "not https"),
    ],
)
def test_what_arrives_damaged_is_refused_and_nothing_stays(
    tmp_path: Path,
    server: Any,
    harm: Callable[[str, Any], None],
    reason: str,
    name: str,
) -> None:
    harm(name, server)
    with pytest.raises(ValueError, match=reason):
        fetch_entry(tiny_entry(), tmp_path, base_url=server.url)
    assert names_in(tmp_path) == []


def test_without_network_the_error_says_what_to_put_where(tmp_path: Path, no_network: str) -> None:
    with pytest.raises(ValueError, match="HRV tiny could not be fetched") as caught:
        fetch_entry(tiny_entry(), tmp_path / "hrv", base_url=no_network)
    for place in PLACES.values():
        assert f"https://example.org/{place}" in str(caught.value)
    assert str(tmp_path / "hrv") in str(caught.value)
    assert not (tmp_path / "hrv").exists()


def _put_by_hand(folder: Path, *roles: str) -> None:
    for role in roles:
        (folder / PLACES[role].split("/")[1]).write_bytes(CONTENTS[role])


def test_files_put_by_hand_need_no_network(tmp_path: Path, no_network: str) -> None:
    _put_by_hand(tmp_path, *CONTENTS)
    seen: list[tuple[int, int]] = []
    path = fetch_entry(tiny_entry(), tmp_path, lambda *n: seen.append(n), no_network)
    assert np.array_equal(load_relevance(path).vectors.numpy(), VECTORS)
    assert seen[-1] == (TOTAL, TOTAL)


def test_only_what_is_not_there_by_hand_is_fetched(tmp_path: Path, server: Any) -> None:
    _put_by_hand(tmp_path, "vectors", "words")
    fetch_entry(tiny_entry(), tmp_path, base_url=server.url)
    assert server.asked == ["heads.npy"]


def test_a_damaged_file_put_by_hand_is_not_used(
    tmp_path: Path, server: Any, no_network: str
) -> None:
    _put_by_hand(tmp_path, *CONTENTS)
    (tmp_path / "vectors.npy").write_bytes(CONTENTS["vectors"][:-1] + b"x")
    with pytest.raises(ValueError, match=r"vectors\.npy \(the one there is damaged\)") as caught:
        fetch_entry(tiny_entry(), tmp_path, base_url=no_network)
    assert "words.csv" not in str(caught.value)
    path = fetch_entry(tiny_entry(), tmp_path, base_url=server.url)
    assert np.array_equal(load_relevance(path).vectors.numpy(), VECTORS)


class Stopped(OSError):
    """What a host might raise when its user presses stop."""


@pytest.mark.parametrize("calls", [1, 2, 4])
def test_an_interrupt_passes_on_and_leaves_nothing(tmp_path: Path, server: Any, calls: int) -> None:
    left = calls

    def stop(done: int, total: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Stopped

    with pytest.raises(Stopped):
        fetch_entry(tiny_entry(), tmp_path, stop, server.url)
    assert names_in(tmp_path) == []


def test_an_entry_for_another_family_is_refused(tmp_path: Path, server: Any) -> None:
    with pytest.raises(ValueError, match="should be for SDXL"):
        fetch_entry(replace(tiny_entry(), family="SDXL"), tmp_path, base_url=server.url)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("url", ["http://example.org/a", "http://127.0.0.1.example.org/a"])
def test_plain_http_never_leaves_this_machine(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        fetch_entry(tiny_entry(), tmp_path, base_url=url)


@pytest.mark.parametrize("number", [0, 1])
def test_the_shipped_entries_fetch_what_was_published(
    tmp_path: Path, authors: Path, server: Any, number: int
) -> None:
    entry = read_manifest(MANIFEST)[number]
    server.files = {f.name: (authors / f.name).read_bytes() for f in entry.files.values()}
    fetched = load_relevance(fetch_entry(entry, tmp_path, base_url=server.url))
    published = np.load(authors / entry.files["vectors"].name)
    assert torch.equal(fetched.vectors, torch.from_numpy(published))
    assert fetched.heads.names == tuple(np.load(authors / entry.files["heads"].name).tolist())
    assert fetched.heads.family == entry.family
