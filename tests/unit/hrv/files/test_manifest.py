"""The list of published HRVs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hrv_pack.hrv.files.manifest import read_manifest
from hrv_pack.hrv.files.remote_file import RemoteFile
from hrv_pack.tools.host import ROOT

MANIFEST = ROOT / "pretrained" / "manifest.json"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.npy",
        "http://127.0.0.1/a.npy",
        "file:///etc/passwd",
        "ftp://example.org/a.npy",
        "https:///a.npy",
        "https://example.org/",
        "https://example.org/a.npy?b=c",
    ],
)
def test_a_manifest_names_https_files_only(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        RemoteFile(url, 10, "0" * 64)


def _manifest_text() -> dict:
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "harm",
    [
        lambda m: m.update(version=2),
        lambda m: m.pop("entries"),
        lambda m: m["entries"].append(m["entries"][0]),
        lambda m: m["entries"][0].pop("licence"),
        lambda m: m["entries"][0].update(color="red"),
        lambda m: m["entries"][0].update(id="../evil"),
        lambda m: m["entries"][0]["files"].pop("words"),
        lambda m: m["entries"][0]["files"]["words"].update(sha256="0"),
        lambda m: m["entries"][0]["files"]["words"].update(bytes=0),
        lambda m: m["entries"][0]["files"]["words"].update(url="http://example.org/a"),
    ],
)
def test_a_damaged_manifest_is_an_error(tmp_path: Path, harm: Callable[[dict], None]) -> None:
    content = _manifest_text()
    harm(content)
    (tmp_path / "m.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"m\.json"):
        read_manifest(tmp_path / "m.json")


def test_the_shipped_manifest_names_the_published_sets() -> None:
    entries = {entry.id: entry for entry in read_manifest(MANIFEST)}
    assert set(entries) == {"hrv-sd1.4-authors", "hrv-sdxl-authors"}
    for entry in entries.values():
        assert entry.licence == "Apache-2.0"
        for file in entry.files.values():
            assert entry.commit in file.url
            assert file.url.startswith("https://raw.githubusercontent.com/SNU-DRL/HRV/")
