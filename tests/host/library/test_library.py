"""Menus of concepts: every readable file's, read again only when it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_relevance import relevance

from hrv_pack.hrv.files import hrv_file
from hrv_pack.hrv.files.hrv_file import save_relevance
from hrv_pack.nodes.library import folders as library

pytestmark = pytest.mark.usefixtures("host")


def test_menus_know_new_changed_and_damaged_files(own_folder: Path, monkeypatch) -> None:
    assert "Dragons" not in library.known_concepts()
    file = own_folder / "mine.safetensors"
    save_relevance(file, relevance("Dragons"))
    assert "Dragons" in library.known_concepts()
    save_relevance(file, relevance("Castles"))
    assert "Castles" in library.known_concepts()
    assert "Dragons" not in library.known_concepts()
    file.write_bytes(b"damaged")
    assert library.known_concepts()[:34] == library.PAPER_CONCEPTS
    assert "Castles" not in library.known_concepts()


def test_menus_read_headers_and_no_vectors(own_folder: Path, monkeypatch) -> None:
    save_relevance(own_folder / "mine.safetensors", relevance("Dragons"))
    monkeypatch.setattr(hrv_file, "_read", lambda _path: pytest.fail("read whole"))
    assert "Dragons" in library.known_concepts()
    assert library.concepts_in("mine.safetensors") == ["Dragons", "Color"]


def test_an_unchanged_file_is_not_read_again(own_folder: Path, monkeypatch) -> None:
    save_relevance(own_folder / "mine.safetensors", relevance("Dragons"))
    library.known_concepts()
    monkeypatch.setattr(library, "read_header", lambda _path: pytest.fail("read again"))
    assert "Dragons" in library.known_concepts()
