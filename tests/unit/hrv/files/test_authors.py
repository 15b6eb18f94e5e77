"""The published arrays become HRVs bit for bit, and nothing else is taken for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hrv_pack.hrv.files.authors import import_authors, import_authors_by_step
from hrv_pack.hrv.files.hrv_file import load_relevance, save_relevance
from hrv_pack.hrv.heads import HeadTable

STEM = "epoch_1_to_1_neg_prompt_False_merged_340_final_text_descriptions_"
TABLE = HeadTable((("down", 0, 2), ("down", 1, 2), ("mid", 0, 2), ("up", 0, 3)))
VECTORS = np.array([[2, 0, 1, 1, 1, 1, 2, 0, 1], [0, 0, 0, 4, 4, 0, 0, 0.5, 0.5]], np.float32)


def _published(folder: Path, words: str | None = None) -> tuple[Path, Path, Path]:
    paths = (folder / "v.npy", folder / "h.npy", folder / "w.csv")
    np.save(paths[0], VECTORS)
    np.save(paths[1], np.array(TABLE.names))
    text = words or "Animals\r\n\r\n1. Dog\r\n2. Oak tree\r\n\r\nColor\r\n\r\n1. Red\r\n"
    paths[2].write_bytes(b"\xef\xbb\xbf" + text.encode())
    return paths


def test_import_keeps_values_words_and_heads(tmp_path: Path) -> None:
    imported = import_authors(*_published(tmp_path), {"seed": "22"})
    assert np.array_equal(imported.vectors.numpy(), VECTORS)
    assert imported.concepts == ("Animals", "Color")
    assert imported.words == (("Dog", "Oak tree"), ("Red",))
    assert imported.heads == TABLE
    assert imported.provenance["seed"] == "22"
    assert imported.provenance["fingerprint"] == TABLE.fingerprint


@pytest.mark.parametrize(
    ("position", "array", "message"),
    [
        (0, np.ones((4, 2, 9), np.float32), "every sampling step"),
        (0, np.ones((2, 9)), "float32"),
        (0, np.ones((3, 9), np.float32), "3 concepts x 9"),
        (1, np.arange(9), "list of head names"),
        (1, np.array(TABLE.names[:-1]), "8 heads"),
        (1, np.array(TABLE.names[::-1]), "order"),
    ],
)
def test_import_names_what_does_not_fit(
    tmp_path: Path, position: int, array: np.ndarray, message: str
) -> None:
    paths = _published(tmp_path)
    np.save(paths[position], array)
    with pytest.raises(ValueError, match=message):
        import_authors(*paths)


def test_import_never_unpickles(tmp_path: Path) -> None:
    paths = _published(tmp_path)
    np.save(paths[0], np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"v\.npy"):
        import_authors(*paths)


def test_vectors_of_every_step_import_as_one_hrv_a_step(tmp_path: Path) -> None:
    paths = _published(tmp_path)
    steps = np.stack([VECTORS, VECTORS[::-1]])
    np.save(paths[0], steps)
    imported = import_authors_by_step(*paths)
    assert np.array_equal(np.stack([one.vectors.numpy() for one in imported]), steps)
    assert [one.provenance["step"] for one in imported] == ["1 of 2", "2 of 2"]
    np.save(paths[0], VECTORS)
    with pytest.raises(ValueError, match="ends with 'per_timesteps'"):
        import_authors_by_step(*paths)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("1. Dog\nAnimals\n1. Cat\n", "line 1.*out of turn"),
        ("Animals\n1. Dog\n3. Cat\nColor\n1. Red\n", "line 3.*out of turn"),
        ("Animals\nColor\n1. Red\n", "words for 'Animals'"),
        ("\n\n", "any concept"),
    ],
)
def test_word_lists_out_of_turn_are_errors(tmp_path: Path, words: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        import_authors(*_published(tmp_path, words))


@pytest.mark.parametrize(
    ("model", "family", "largest"),
    [("sd_v1_4", "SD1.x", 23.187), ("sd_xl_base_1_0", "SDXL", 66.145)],
)
def test_the_authors_arrays_import_and_store_exactly(
    tmp_path: Path, authors: Path, model: str, family: str, largest: float
) -> None:
    paths = [authors / f"{kind}_{STEM}{model}.npy" for kind in ("category_vectors", "head_index")]
    imported = import_authors(*paths, authors / "340_final_text_list.csv")
    loaded = load_relevance(save_relevance(tmp_path / "a.safetensors", imported))
    published, names = np.load(paths[0]), np.load(paths[1])
    for kept in (imported, loaded):
        assert kept.vectors.numpy().tobytes() == published.tobytes()
        assert kept.heads.names == tuple(names.tolist())
        assert kept.heads.family == family
        assert float(kept.vectors.max()) == pytest.approx(largest, abs=1e-3)
        assert len(kept.concepts) == 34
        assert {len(words) for words in kept.words} == {10}
        assert kept.words[kept.index("Brand Logos")][2] == "McDonald's"
        assert kept.words[kept.index("Animals")][0] == "Dog"


def test_the_authors_vectors_of_every_step_import_exactly(authors: Path) -> None:
    paths = (f"category_vectors_{STEM}sd_v1_4_per_timesteps.npy", f"head_index_{STEM}sd_v1_4.npy")
    vectors, names = (authors / name for name in paths)
    imported = import_authors_by_step(vectors, names, authors / "340_final_text_list.csv")
    found = np.stack([one.vectors.numpy() for one in imported])
    assert found.shape == (51, 34, 128)
    assert found.tobytes() == np.load(vectors).tobytes()
