"""Runs on disk: one `.votes` file (safetensors) is a run that can be resumed or merged.

Format `hrv-votes` has the tensors `votes` (2, T, N, H) int64 and `counted` (prompts,) bool; format
`hrv-effects`, of a measured run, has `sums` (2, N, H) float64, `counts` (2, N) int64 and
`counted`. Metadata: `format`, `version`, of transformers `architecture`, and as JSON `concepts`,
`words`, `heads`, `settings`, `prompts`. It is written beside and renamed, so a process killed at
any moment leaves the old file or the new one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..construct.concepts import ConceptWords
from ..construct.records import HALVES, RunRecord
from ..construct.votes import VoteRecord
from ..heads import HeadTable
from ..measure.concept_record import ConceptRecord
from .file_names import safe_file_name
from .whole_files import names_in, safetensors_bytes, texts_in, word_lists_in, write_whole

VERSION = "1"
FORMATS: dict[str, type[VoteRecord] | type[ConceptRecord]] = {
    "hrv-votes": VoteRecord,
    "hrv-effects": ConceptRecord,
}
SUFFIX = ".votes"
MOST_BINS = 1000
"""Timestep bins of a file; a sampling of more steps than that has none of its own."""
R = TypeVar("R", bound=RunRecord)


def votes_name(run: str) -> str:
    """The file name of a run that its maker calls `run`."""
    return safe_file_name(run.strip().removesuffix(SUFFIX)).removesuffix(".safetensors") + SUFFIX


def save_votes(path: Path, record: RunRecord) -> None:
    """Write a run, whole or not at all; the same counts give the same bytes."""
    write_whole(path, votes_bytes(record))


def votes_bytes(record: RunRecord) -> bytes:
    """The content of a run's file."""
    texts = {
        "concepts": record.words.concepts,
        "words": record.words.words,
        "heads": record.heads.names,
        "settings": dict(sorted(record.settings.items())),
        "prompts": record.prompts,
    }
    metadata = {key: json.dumps(value, ensure_ascii=False) for key, value in texts.items()}
    written = next(name for name, kind in FORMATS.items() if isinstance(record, kind))
    metadata |= {"format": written, "version": VERSION}
    if record.heads.architecture:
        metadata["architecture"] = record.heads.architecture
    tensors = {name: tensor.contiguous() for name, tensor in _tensors(record).items()}
    return safetensors_bytes(tensors, metadata)


def _tensors(record: RunRecord) -> dict[str, Tensor]:
    """What a run has counted, by the names in its file, which are those of its fields."""
    return {name: getattr(record, name) for name in record.tensors}


def load_votes(path: Path) -> RunRecord:
    """Read a run; ValueError names the file and what is wrong with it."""
    if not path.is_file():
        raise ValueError(f"There is no file of votes {path.name!r} in {path.parent}.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            kind = FORMATS.get(metadata.get("format", ""))
            if kind is None or metadata.get("version") != VERSION:
                raise ValueError("It is not a votes file of this version")
            tensors = {name: file.get_tensor(name) for name in kind.tensors}
        return _record(kind, metadata, tensors)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"The votes file {path.name!r} cannot be used: {error}. Delete it, or choose another "
            "name for the run."
        ) from error


def _record(
    kind: type[VoteRecord] | type[ConceptRecord],
    metadata: Mapping[str, str],
    tensors: Mapping[str, Tensor],
) -> RunRecord:
    words = ConceptWords(names_in(metadata, "concepts"), word_lists_in(metadata, "words"))
    heads = HeadTable.from_names(names_in(metadata, "heads"), metadata.get("architecture", ""))
    bins = _bins(tensors)
    record = kind(words, heads, texts_in(metadata, "settings"), names_in(metadata, "prompts"), bins)
    for name, expected in _tensors(record).items():
        found = tensors[name]
        if (found.shape, found.dtype) != (expected.shape, expected.dtype):
            raise ValueError(f"its {name} should be {tuple(expected.shape)} of {expected.dtype}")
        setattr(record, name, found)
    if isinstance(record, VoteRecord):
        _check_votes(record.votes, record.settings.get("vote rule", "highest"))
    else:
        _check_effects(record)
    return record


def _bins(tensors: Mapping[str, Tensor]) -> int:
    """Timestep bins of votes; what has none is one."""
    votes = tensors.get("votes")
    if votes is None:
        return 1
    if votes.ndim != 4 or not 1 <= votes.shape[1] <= MOST_BINS:
        raise ValueError(f"its votes have the shape {tuple(votes.shape)}")
    return votes.shape[1]


def _check_votes(votes: Tensor, rule: str) -> None:
    """By the paper's rule every head votes equally often in a half; else the file is damaged."""
    sums = votes.sum(dim=(1, 2)).reshape(HALVES, -1)
    uneven = rule == "highest" and bool((sums != sums[:, :1]).any())
    if bool((votes < 0).any()) or uneven:
        raise ValueError("its heads did not vote equally often")


def _check_effects(record: ConceptRecord) -> None:
    if not bool(record.sums.isfinite().all()) or bool((record.counts < 0).any()):
        raise ValueError("its effects are not finite, or its counts negative")


def open_run(path: Path | None, wanted: R) -> R:
    """`wanted`, with the counts of the file at `path` where there is one.

    ValueError if that file is of another model, recipe, concept set or sampling.
    """
    if path is None or not path.exists():
        return wanted
    found = load_votes(path)
    try:
        found.require_same(wanted)
        if not isinstance(found, type(wanted)):
            raise ValueError(f"It holds no {' and '.join(wanted.tensors)}.")
        return found.resumed(wanted.prompts)
    except ValueError as error:
        raise ValueError(
            f"The run “{path.stem}” was started with other settings and cannot be resumed. {error} "
            "(First: the saved run.) Restore the settings, or give this run another name."
        ) from error
