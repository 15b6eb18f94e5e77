"""Import of head relevance vectors as the paper's authors publish them (arXiv 2412.02237).

Three files: the vectors (`.npy`, concepts x heads; or of every sampling step, steps x concepts x
heads), the head names (`.npy`, one per column) and
the word list (text: a concept's name on a line of its own, its words below, numbered from 1).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError  # what a spoilt header may end in

import numpy as np
import torch
from numpy.typing import NDArray

from ..heads import HeadTable
from ..relevance import HeadRelevance
from ..text.untrusted import read_text, short

_NUMBERED = re.compile(r"(\d+)\.\s*(\S.*)")


def import_authors(
    vectors_path: str | os.PathLike[str],
    head_index_path: str | os.PathLike[str],
    word_list_path: str | os.PathLike[str],
    provenance: Mapping[str, str] | None = None,
) -> HeadRelevance:
    """The published vectors (N, H) as a HeadRelevance, every value kept bit for bit.

    ValueError names the file that does not fit and says what was expected.
    """
    vectors = _vectors(Path(vectors_path), ("concepts", "heads"))
    (found,) = _assembled(vectors_path, vectors[None], head_index_path, word_list_path, provenance)
    return found


def import_authors_by_step(
    vectors_path: str | os.PathLike[str],
    head_index_path: str | os.PathLike[str],
    word_list_path: str | os.PathLike[str],
    provenance: Mapping[str, str] | None = None,
) -> tuple[HeadRelevance, ...]:
    """The published vectors of every sampling step (T, N, H): one HeadRelevance for each step.

    Every value is kept bit for bit; provenance says which step. ValueError as `import_authors`.
    """
    vectors = _vectors(Path(vectors_path), ("steps", "concepts", "heads"))
    return _assembled(vectors_path, vectors, head_index_path, word_list_path, provenance)


def _assembled(
    vectors_path: str | os.PathLike[str],
    vectors: NDArray[np.float32],
    head_index_path: str | os.PathLike[str],
    word_list_path: str | os.PathLike[str],
    provenance: Mapping[str, str] | None,
) -> tuple[HeadRelevance, ...]:
    """Vectors (T, N, H) with their heads and words, a HeadRelevance for each of T."""
    names = _head_names(Path(head_index_path))
    concepts, words = read_word_list(Path(word_list_path))
    steps, rows, columns = vectors.shape
    if (rows, columns) != (len(concepts), len(names)):
        raise ValueError(
            f"{Path(vectors_path).name} holds {rows} concepts x {columns} heads, but the word list "
            f"names {len(concepts)} concepts and the head index {len(names)} heads. Take the three "
            "files of the same model."
        )
    heads = HeadTable.from_names(names)
    described = {"family": heads.family, "fingerprint": heads.fingerprint, **(provenance or {})}
    return tuple(
        HeadRelevance(
            concepts=concepts,
            words=words,
            heads=heads,
            vectors=torch.from_numpy(one.copy()),
            provenance=described | ({"step": f"{number} of {steps}"} if steps > 1 else {}),
            votes=None,
        )
        for number, one in enumerate(vectors, start=1)
    )


def _array(path: Path) -> NDArray[np.generic]:
    try:
        with path.open("rb") as file:  # stored objects could run code: they are refused
            array: NDArray[np.generic] = np.lib.format.read_array(file, allow_pickle=False)
        return array
    except (ValueError, OSError, MemoryError, SyntaxError, TokenError) as error:
        raise ValueError(
            f"{path.name} is missing, damaged or not a .npy array ({short(str(error))})."
        ) from error


def _vectors(path: Path, axes: tuple[str, ...]) -> NDArray[np.float32]:
    """The array of a file, with these axes."""
    array = _array(path)
    if (array.ndim, len(axes)) == (3, 2):
        raise ValueError(
            f"{path.name} holds one set of vectors for every sampling step {array.shape}; take "
            "the file of the same name without 'per_timesteps'."
        )
    if (array.ndim, len(axes)) == (2, 3):
        raise ValueError(
            f"{path.name} holds one set of vectors for all sampling steps {array.shape}; take the "
            "file whose name ends with 'per_timesteps'."
        )
    if array.ndim != len(axes) or array.dtype != np.float32:
        raise ValueError(
            f"{path.name} should hold {' x '.join(axes)} of float32, but holds {array.shape} of "
            f"{array.dtype}."
        )
    return array.astype(np.float32, copy=False)


def _head_names(path: Path) -> tuple[str, ...]:
    array = _array(path)
    if array.ndim != 1 or array.dtype.kind != "U":
        raise ValueError(
            f"{path.name} should be a list of head names such as 'down, layer: 0, head: 0', but "
            f"holds {array.shape} of {array.dtype}."
        )
    return tuple(array.tolist())


def read_word_list(path: Path) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Concepts and each concept's words from the authors' list (paper Table 3)."""
    concepts: list[str] = []
    words: list[list[str]] = []
    lines = read_text(path).splitlines()
    for number, line in enumerate(map(str.strip, lines), start=1):
        numbered = _NUMBERED.fullmatch(line)
        if numbered is None and line:
            concepts.append(line)
            words.append([])
        elif numbered is not None:
            if not concepts or int(numbered[1]) != len(words[-1]) + 1:
                raise ValueError(
                    f"{path.name}, line {number}: {short(line)!r} is out of turn. A concept's "
                    "words follow its name, numbered 1., 2., 3. and so on."
                )
            words[-1].append(numbered[2])
    _check_word_list(path.name, concepts, words)
    return tuple(concepts), tuple(map(tuple, words))


def _check_word_list(name: str, concepts: list[str], words: list[list[str]]) -> None:
    empty = [concept for concept, listed in zip(concepts, words, strict=True) if not listed]
    if not concepts or empty:
        missing = f"words for {', '.join(map(repr, empty))}" if empty else "any concept"
        raise ValueError(f"{name} does not list {short(missing, 400)}.")
