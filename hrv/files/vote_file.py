"""Votes on disk: one `.votes` file (safetensors) is a run that can be resumed or merged.

Tensors `votes` (2, T, N, H) int64 and `counted` (prompts,) bool; metadata: `format`, `version`, and
as JSON `concepts`, `words`, `heads`, `settings`, `prompts`. It is written beside and renamed, so
a process killed at any moment leaves the old file or the new one.
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..construct.concepts import ConceptWords
from ..construct.votes import HALVES, VoteRecord
from ..heads import HeadTable
from .file_names import safe_file_name
from .whole_files import safetensors_bytes, write_whole

FORMAT, VERSION = "hrv-votes", "1"
SUFFIX = ".votes"


def votes_name(run: str) -> str:
    """The file name of a run that its maker calls `run`."""
    return safe_file_name(run.strip().removesuffix(SUFFIX)).removesuffix(".safetensors") + SUFFIX


def save_votes(path: Path, record: VoteRecord) -> None:
    """Write a run, whole or not at all; the same votes give the same bytes."""
    write_whole(path, votes_bytes(record))


def votes_bytes(record: VoteRecord) -> bytes:
    """The content of a run's file."""
    texts = {
        "concepts": record.words.concepts,
        "words": record.words.words,
        "heads": record.heads.names,
        "settings": dict(sorted(record.settings.items())),
        "prompts": record.prompts,
    }
    metadata = {key: json.dumps(value, ensure_ascii=False) for key, value in texts.items()}
    metadata |= {"format": FORMAT, "version": VERSION}
    tensors = {"votes": record.votes.contiguous(), "counted": record.counted.contiguous()}
    return safetensors_bytes(tensors, metadata)


def load_votes(path: Path) -> VoteRecord:
    """Read a run; ValueError names the file and what is wrong with it."""
    if not path.is_file():
        raise ValueError(f"There is no file of votes {path.name!r} in {path.parent}.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION):
                raise ValueError("It is no votes file of this version")
            tensors = {name: file.get_tensor(name) for name in ("votes", "counted")}
        return _record(metadata, tensors)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"The votes file {path.name!r} cannot be used: {error}. Delete it, or choose another "
            "name for the run."
        ) from error


def _record(metadata: dict[str, str], tensors: dict[str, Tensor]) -> VoteRecord:
    concepts: list[str] = json.loads(metadata["concepts"])
    listed: list[list[str]] = json.loads(metadata["words"])
    words = ConceptWords(tuple(concepts), tuple(map(tuple, listed)))
    heads = HeadTable.from_names(json.loads(metadata["heads"]))
    settings: dict[str, str] = json.loads(metadata["settings"])
    prompts: list[str] = json.loads(metadata["prompts"])
    votes, counted = tensors["votes"], tensors["counted"]
    record = VoteRecord(words, heads, settings, tuple(prompts), votes.shape[1])
    for name, found, expected in (
        ("votes", votes, record.votes),
        ("counted", counted, record.counted),
    ):
        if (found.shape, found.dtype) != (expected.shape, expected.dtype):
            raise ValueError(f"its {name} should be {tuple(expected.shape)} of {expected.dtype}")
    _check_counts(votes)
    record.votes, record.counted = votes, counted
    return record


def _check_counts(votes: Tensor) -> None:
    """Every head votes equally often in a half, so other sums betray a damaged file."""
    sums = votes.sum(dim=(1, 2)).reshape(HALVES, -1)
    if bool((votes < 0).any()) or bool((sums != sums[:, :1]).any()):
        raise ValueError("its heads did not vote equally often")


def open_run(path: Path | None, wanted: VoteRecord) -> VoteRecord:
    """`wanted`, with the votes of the file at `path` where there is one.

    ValueError if that file is of another model, recipe, concept set or sampling.
    """
    if path is None or not path.exists():
        return wanted
    found = load_votes(path)
    try:
        found.require_same(wanted)
        return found.resumed(wanted.prompts)
    except ValueError as error:
        raise ValueError(
            f"The run “{path.stem}” was begun otherwise and cannot be resumed. {error} (The first "
            "is that of the file.) Set it back, or give this run another name."
        ) from error
