"""HRV files: one `.safetensors` file holds the vectors and everything needed to understand them.

Tensors: `vectors` (N, H) float32, and where they are known `votes` (N, H) int64 and `parts`
(T, N, H) int64, the votes of T timestep bins. Metadata, all strings: `format` ("hrv"), `version`,
and as JSON `concepts`, `words`, `heads`, `provenance`; of transformers `architecture`. Version "1"
holds voted vectors. Version "2" has `kind` too, and is written for measured ones alone, so that
older packs read the voted ones.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..heads import HeadTable
from ..relevance import KINDS, HeadRelevance, Kind
from ..text.untrusted import short
from .file_names import SUFFIX
from .whole_files import names_in, safetensors_bytes, texts_in, word_lists_in, write_whole

FORMAT = "hrv"
VOTED, WITH_KIND = 1, 2
"""Versions of the format."""
_DTYPES = {"vectors": torch.float32, "votes": torch.int64, "parts": torch.int64}


def save_relevance(path: str | os.PathLike[str], relevance: HeadRelevance) -> Path:
    """Write `relevance` to `path`, whole or not at all; the same HRV gives the same bytes."""
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ValueError(f"An HRV file is named *{SUFFIX}; {path.name!r} is not. Change its name.")
    tensors = {"vectors": relevance.vectors.contiguous().cpu()}
    if relevance.votes is not None:
        tensors["votes"] = relevance.votes.contiguous().cpu()
    if relevance.timestep_bins is not None:
        tensors["parts"] = relevance.timestep_bins.contiguous().cpu()
    metadata = {
        "format": FORMAT,
        "version": str(VOTED),
        "concepts": json.dumps(list(relevance.concepts), ensure_ascii=False),
        "words": json.dumps([list(words) for words in relevance.words], ensure_ascii=False),
        "heads": json.dumps(list(relevance.heads.names)),
        "provenance": json.dumps(dict(relevance.provenance), ensure_ascii=False, sort_keys=True),
    }
    if relevance.heads.architecture:
        metadata["architecture"] = relevance.heads.architecture
    if relevance.kind != "voted":
        metadata |= {"version": str(WITH_KIND), "kind": relevance.kind}
    write_whole(path, safetensors_bytes(tensors, metadata))
    return path


def load_relevance(path: str | os.PathLike[str]) -> HeadRelevance:
    """Read an HRV file and check all of it; ValueError names the file and what is wrong."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no HRV file {path.name!r} in {path.parent}.")
    try:
        metadata, tensors = _read(path)
        header = _header(metadata)
        _check_shapes(tensors, len(header.concepts), len(header.heads))
        return HeadRelevance(
            concepts=header.concepts,
            words=header.words,
            heads=header.heads,
            vectors=tensors["vectors"],
            provenance=header.provenance,
            votes=tensors.get("votes"),
            timestep_bins=tensors.get("parts"),
            kind=header.kind,
        )
    except ValueError as error:
        raise ValueError(f"The HRV file {path.name!r} cannot be used. {error}") from error


@dataclass(frozen=True)
class Header:
    """What an HRV file says of itself, its vectors unread."""

    concepts: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    heads: HeadTable
    provenance: Mapping[str, str]
    kind: Kind


def read_header(path: str | os.PathLike[str]) -> Header:
    """The header of an HRV file; ValueError names the file and what is wrong with it."""
    path = Path(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        _check_version(metadata)
        return _header(metadata)
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"The HRV file {path.name!r} cannot be used. {error}") from error


def _header(metadata: Mapping[str, str]) -> Header:
    heads = HeadTable.from_names(names_in(metadata, "heads"), metadata.get("architecture", ""))
    return Header(
        concepts=names_in(metadata, "concepts"),
        words=word_lists_in(metadata, "words"),
        heads=heads,
        provenance=_provenance(metadata, heads),
        kind=_kind(metadata),
    )


def _read(path: Path) -> tuple[Mapping[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            _check_version(metadata)
            names = set(file.keys())
            if not {"vectors"} <= names <= set(_DTYPES):
                raise ValueError(
                    f"It should hold 'vectors' and perhaps 'votes', but holds {sorted(names)}."
                )
            return metadata, {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f"It is damaged or not a safetensors file ({error}). Get or save it again."
        ) from error


def _check_version(metadata: Mapping[str, str]) -> None:
    if metadata.get("format") != FORMAT:
        raise ValueError(
            "It is a safetensors file, but holds no head relevance vectors (its metadata has no "
            f"format {FORMAT!r}). Choose a file made by HRV Save or HRV Construct."
        )
    version = metadata.get("version", "")
    if version.isdecimal() and int(version) > WITH_KIND:
        raise ValueError(
            f"It has version {version} of the format; this pack reads up to {WITH_KIND}. "
            "Update the pack."
        )
    if version not in (str(VOTED), str(WITH_KIND)):
        raise ValueError(
            f"Its version should be {VOTED} or {WITH_KIND}, but is {short(version)!r}. "
            "Save it again."
        )


def _kind(metadata: Mapping[str, str]) -> Kind:
    """How the vectors were found: files of the first version are of votes."""
    if metadata["version"] == str(VOTED):
        return "voted"
    found = metadata.get("kind")
    for kind in KINDS:
        if kind == found:
            return kind
    raise ValueError(
        f"Its vectors are of the kind {short(repr(found))}, which this pack does not know; "
        f"it knows {' and '.join(KINDS)}. Update the pack."
    )


def _provenance(metadata: Mapping[str, str], heads: HeadTable) -> dict[str, str]:
    value = texts_in(metadata, "provenance")
    if value.get("fingerprint", heads.fingerprint) != heads.fingerprint:
        raise ValueError("Its provenance is of another model than its heads. Get it again.")
    return value


def _check_shapes(tensors: Mapping[str, Tensor], concepts: int, heads: int) -> None:
    for name, tensor in tensors.items():
        # parts have one axis more, in front
        found = (tuple(tensor.shape[-2:]), tensor.dtype)
        if tensor.ndim != 2 + (name == "parts"):
            found = (tuple(tensor.shape), tensor.dtype)
        if found != ((concepts, heads), _DTYPES[name]):
            raise ValueError(
                f"Its {name} should be {concepts} concepts x {heads} heads of {_DTYPES[name]}, "
                f"as its metadata says, but are {found[0]} of {found[1]}."
            )
