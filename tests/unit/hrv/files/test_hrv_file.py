"""HRV files: what is saved comes back exactly, and nothing broken or foreign is let in."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from hrv_pack.hrv.construct.vectors import normalise_votes
from hrv_pack.hrv.files.hrv_file import load_relevance, read_header, save_relevance
from hrv_pack.hrv.files.whole_files import write_whole
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance

TABLE = HeadTable((("down", 0, 2), ("down", 1, 2), ("mid", 0, 2), ("up", 0, 3)))


def relevance(votes: bool = True) -> HeadRelevance:
    counts = torch.randint(1, 50, (3, len(TABLE)), generator=torch.Generator().manual_seed(7))
    return HeadRelevance(
        concepts=("Animals", "Colour ünd Form", "図形"),
        words=(("cat", "dog"), ("red", 'a "light" blue'), ()),
        heads=TABLE,
        vectors=normalise_votes(counts),
        provenance={"seed": "7", "made_by": "a test"},
        votes=counts if votes else None,
    )


def metadata(**changes: str | None) -> dict[str, str]:
    kept = relevance()
    fields: dict[str, str | None] = {
        "format": "hrv",
        "version": "1",
        "concepts": json.dumps(kept.concepts),
        "words": json.dumps(kept.words),
        "heads": json.dumps(kept.heads.names),
        "provenance": json.dumps(dict(kept.provenance)),
        **changes,
    }
    return {key: value for key, value in fields.items() if value is not None}


@pytest.mark.parametrize("votes", [True, False])
def test_what_is_saved_comes_back_bit_for_bit(tmp_path: Path, votes: bool) -> None:
    saved = relevance(votes)
    loaded = load_relevance(save_relevance(tmp_path / "new" / "a.safetensors", saved))
    assert torch.equal(loaded.vectors, saved.vectors)
    assert loaded.votes is None if saved.votes is None else torch.equal(loaded.votes, saved.votes)
    assert (loaded.concepts, loaded.words, loaded.heads) == (
        saved.concepts,
        saved.words,
        saved.heads,
    )
    assert dict(loaded.provenance) == dict(saved.provenance)


def test_the_header_alone_tells_the_concepts(tmp_path: Path) -> None:
    path = save_relevance(tmp_path / "a.safetensors", relevance())
    assert read_header(path).concepts == relevance().concepts
    for changes in ({"format": "lora"}, {"version": "3"}, {"concepts": "[1]"}):
        save_file({"vectors": relevance().vectors}, path, metadata(**changes))
        with pytest.raises(ValueError, match=r"a\.safetensors"):
            read_header(path)
    path.write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"a\.safetensors"):
        read_header(path)


def test_same_hrv_gives_same_bytes_also_after_loading(tmp_path: Path) -> None:
    first = save_relevance(tmp_path / "a.safetensors", relevance())
    for i in range(8):
        again = save_relevance(tmp_path / f"{i}.safetensors", load_relevance(first))
        assert again.read_bytes() == first.read_bytes()


def test_save_wants_the_suffix(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="safetensors"):
        save_relevance(tmp_path / "a.pt", relevance())


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_relevance(tmp_path / "a.safetensors", relevance())
    before = path.read_bytes()

    def full_disk(descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(ValueError, match=r"cannot be saved in .*no space"):
        write_whole(path, b"half")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files from being replaced")
def test_a_reader_of_the_old_file_keeps_the_old_file(tmp_path: Path) -> None:
    path = save_relevance(tmp_path / "a.safetensors", relevance())
    before = path.read_bytes()
    with path.open("rb", buffering=0) as reader:
        read = reader.read(10)
        write_whole(path, b"new")
        assert read + reader.read() == before
    assert path.read_bytes() == b"new"


BROKEN_METADATA = {
    "another kind of file": ({"format": None}, "no head relevance vectors"),
    "another format": ({"format": "lora"}, "no head relevance vectors"),
    "no version": ({"version": None}, "version"),
    "odd version": ({"version": "one"}, "version"),
    "newer version": ({"version": "3"}, "Update the pack"),
    "no concepts": ({"concepts": None}, "lacks 'concepts'"),
    "no JSON": ({"words": "cat, dog"}, "not readable JSON"),
    "concepts no list": ({"concepts": '"Animals"'}, "list of names"),
    "concepts no texts": ({"concepts": "[1, 2, 3]"}, "list of names"),
    "words no lists": ({"words": '["cat", "dog", "red"]'}, "list of words for each concept"),
    "too few words": ({"words": '[["cat"]]'}, "concept-words"),
    "provenance no table": ({"provenance": "[]"}, "table of texts"),
    "provenance no texts": ({"provenance": '{"seed": 7}'}, "table of texts"),
    "another model": ({"provenance": '{"fingerprint": "0"}'}, "another model"),
    "concept twice": ({"concepts": '["Animals", "Tools", "animals"]'}, "differ"),
    "concept missing": ({"concepts": '["Animals", "Tools"]'}, "2 concepts x 9 heads"),
    "odd head": ({"heads": '["left, layer: 0, head: 0"]'}, "not the name of a head"),
    "heads missing": ({"heads": json.dumps(TABLE.names[:-1])}, "3 concepts x 8 heads"),
    "heads shuffled": ({"heads": json.dumps(TABLE.names[::-1])}, "order"),
}


@pytest.mark.parametrize("case", BROKEN_METADATA)
def test_broken_metadata_is_named_with_its_file(tmp_path: Path, case: str) -> None:
    changes, message = BROKEN_METADATA[case]
    save_file({"vectors": relevance().vectors}, tmp_path / "odd.safetensors", metadata(**changes))
    with pytest.raises(ValueError, match=message) as caught:
        load_relevance(tmp_path / "odd.safetensors")
    assert "odd.safetensors" in str(caught.value)


def _with(value: float) -> torch.Tensor:
    vectors = relevance().vectors.clone()
    vectors[1, 2] = value
    return vectors


BROKEN_TENSORS = {
    "no vectors": ({"votes": torch.ones(3, 9, dtype=torch.int64)}, "should hold 'vectors'"),
    "unknown tensor": ({"vectors": relevance().vectors, "code": torch.ones(1)}, "code"),
    "half precision": ({"vectors": relevance().vectors.half()}, "float32"),
    "one axis": ({"vectors": relevance().vectors.flatten()}, "3 concepts x 9 heads"),
    "float votes": ({"vectors": relevance().vectors, "votes": torch.ones(3, 9)}, "int64"),
    "not a number": ({"vectors": _with(float("nan"))}, "finite"),
    "infinite": ({"vectors": _with(float("inf"))}, "finite"),
    "negative": ({"vectors": _with(-1.0)}, "negative"),
    "row norm": ({"vectors": _with(3.0)}, "sum"),
    "negative votes": (
        {"vectors": relevance().vectors, "votes": -torch.ones(3, 9, dtype=torch.int64)},
        "negative",
    ),
}


@pytest.mark.parametrize("case", BROKEN_TENSORS)
def test_broken_tensors_are_named_with_their_file(tmp_path: Path, case: str) -> None:
    tensors, message = BROKEN_TENSORS[case]
    save_file(tensors, tmp_path / "odd.safetensors", metadata())
    with pytest.raises(ValueError, match=message) as caught:
        load_relevance(tmp_path / "odd.safetensors")
    assert "odd.safetensors" in str(caught.value)


@pytest.mark.parametrize("length", [0, 5, 100, -1])
def test_a_file_cut_short_is_refused(tmp_path: Path, length: int) -> None:
    path = save_relevance(tmp_path / "cut.safetensors", relevance())
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"'cut.safetensors'.*damaged"):
        load_relevance(path)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "evil.safetensors"
    torch.save({"vectors": relevance().vectors}, path)
    with pytest.raises(ValueError, match="damaged or not a safetensors"):
        load_relevance(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no HRV file 'gone.safetensors'"):
        load_relevance(tmp_path / "gone.safetensors")
