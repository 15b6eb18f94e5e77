"""HRV files: one `.safetensors` file holds the vectors and everything needed to understand them.

Tensors: `vectors` (N, H) float32, and where they are known `votes` (N, H) int64 and `parts`
(T, N, H) int64. Metadata, all
strings: `format` ("hrv"), `version` ("1"), and as JSON `concepts`, `words`, `heads`, `provenance`.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..heads import HeadTable
from ..relevance import HeadRelevance
from ..text.spelling import nearest
from .authors import import_authors

__all__ = [
    "concept_names",
    "import_authors",
    "list_names",
    "load_relevance",
    "resolve_name",
    "safe_file_name",
    "safetensors_bytes",
    "save_relevance",
    "write_whole",
]

FORMAT = "hrv"
VERSION = 1
SUFFIX = ".safetensors"
# What Windows, macOS or Linux would refuse or misread in a file name.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST_NAME = 200  # bytes; leaves room for the suffix under every file system's limit of 255
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
        "version": str(VERSION),
        "concepts": json.dumps(list(relevance.concepts), ensure_ascii=False),
        "words": json.dumps([list(words) for words in relevance.words], ensure_ascii=False),
        "heads": json.dumps(list(relevance.heads.names)),
        "provenance": json.dumps(dict(relevance.provenance), ensure_ascii=False, sort_keys=True),
    }
    write_whole(path, safetensors_bytes(tensors, metadata))
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step: a reader sees the old file or the new one, no half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def safetensors_bytes(tensors: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    """A safetensors file with a sorted header; the library's own order is random."""
    content = save(tensors, metadata)
    size = int.from_bytes(content[:8], "little")
    header = json.dumps(
        json.loads(content[8 : 8 + size]), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    header += b" " * (-len(header) % 8)  # the format aligns the data to 8 bytes
    return len(header).to_bytes(8, "little") + header + content[8 + size :]


def load_relevance(path: str | os.PathLike[str]) -> HeadRelevance:
    """Read an HRV file and check all of it; ValueError names the file and what is wrong."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no HRV file {path.name!r} in {path.parent}.")
    try:
        metadata, tensors = _read(path)
        concepts = _names(metadata, "concepts")
        heads = HeadTable.from_names(_names(metadata, "heads"))
        _check_shapes(tensors, len(concepts), len(heads))
        return HeadRelevance(
            concepts=concepts,
            words=_word_lists(metadata),
            heads=heads,
            vectors=tensors["vectors"],
            provenance=_provenance(metadata, heads),
            votes=tensors.get("votes"),
            timestep_bins=tensors.get("parts"),
        )
    except ValueError as error:
        raise ValueError(f"The HRV file {path.name!r} cannot be used. {error}") from error


def concept_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The concepts of an HRV file, from its header alone; ValueError names the file."""
    path = Path(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        _check_version(metadata)
        return _names(metadata, "concepts")
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"The HRV file {path.name!r} cannot be used. {error}") from error


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
            f"It is damaged or no safetensors file ({error}). Get or save it again."
        ) from error


def _check_version(metadata: Mapping[str, str]) -> None:
    if metadata.get("format") != FORMAT:
        raise ValueError(
            "It is a safetensors file, but holds no head relevance vectors (its metadata has no "
            f"format {FORMAT!r}). Choose a file made by HRV Save or HRV Construct."
        )
    version = metadata.get("version", "")
    if version.isdecimal() and int(version) > VERSION:
        raise ValueError(
            f"It has version {version} of the format; this pack reads up to {VERSION}. "
            "Update the pack."
        )
    if version != str(VERSION):
        raise ValueError(f"Its version should be {VERSION!r}, but is {version!r}. Save it again.")


def _json(metadata: Mapping[str, str], key: str) -> Any:
    if key not in metadata:
        raise ValueError(f"Its metadata lacks {key!r}. Save it again with HRV Save.")
    try:
        return json.loads(metadata[key])
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"Its metadata {key!r} is not readable JSON ({error}).") from error


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _names(metadata: Mapping[str, str], key: str) -> tuple[str, ...]:
    value = _json(metadata, key)
    if not _is_strings(value):
        raise ValueError(f"Its metadata {key!r} should be a list of names.")
    return tuple(value)


def _word_lists(metadata: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    value = _json(metadata, "words")
    if not (isinstance(value, list) and all(_is_strings(words) for words in value)):
        raise ValueError("Its metadata 'words' should be one list of words for each concept.")
    return tuple(tuple(words) for words in value)


def _provenance(metadata: Mapping[str, str], heads: HeadTable) -> dict[str, str]:
    value = _json(metadata, "provenance")
    if not (isinstance(value, dict) and _is_strings(list(value.values()))):
        raise ValueError("Its metadata 'provenance' should be a table of texts.")
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


def resolve_name(name: str, folders: Iterable[str | os.PathLike[str]]) -> Path:
    """The HRV file `name` in the first of `folders` that has it, never outside these folders.

    `name` may lead into a subfolder ("mine/vase.safetensors", with either slash). ValueError for
    absolute names, `..`, links that lead outside, other kinds of files, and names not found.
    """
    parts = PureWindowsPath(name).parts  # knows both slashes, drives and ".." on every system
    plain = bool(parts) and not PureWindowsPath(name).anchor and "\x00" not in name
    if not plain or any(part == ".." or ":" in part for part in parts):
        raise ValueError(
            f"{name!r} leads out of the HRV folders. Put the file into models/hrv/ and choose it "
            "by its name there."
        )
    if Path(parts[-1]).suffix != SUFFIX:
        raise ValueError(f"{name!r} is not an HRV file: its name should end in {SUFFIX}.")
    roots = [Path(folder).resolve() for folder in folders]
    for root in roots:
        found = root.joinpath(*parts).resolve()
        if found.is_file():
            if not found.is_relative_to(root):
                raise ValueError(f"{name!r} is a link out of {root}. Put the file itself there.")
            return found
    raise ValueError(_not_found("/".join(parts), roots))


def _not_found(name: str, roots: list[Path]) -> str:
    known = list_names(roots)
    there = ", ".join(known) or "none"
    places = ", ".join(map(str, roots))
    return (
        f"There is no HRV file {name!r}.{nearest(name, known)} "
        f"Files there: {there}. Folders: {places}."
    )


def list_names(folders: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Names of all HRV files in `folders` and below, sorted, with forward slashes."""
    return sorted(
        {
            file.relative_to(folder).as_posix()
            for folder in map(Path, folders)
            for file in folder.rglob(f"*{SUFFIX}")
        }
    )


def safe_file_name(name: str) -> str:
    """The file name for an HRV that its maker calls `name`: `name` itself plus the suffix.

    ValueError for a name that would leave the folder or that some system cannot store.
    """
    stem = name.strip().removesuffix(SUFFIX).strip()
    forbidden = sorted(set(_FORBIDDEN.findall(stem)))
    if forbidden:
        raise ValueError(f"The name {name!r} holds {' '.join(map(repr, forbidden))}; leave it out.")
    if not stem or stem.startswith(".") or stem.endswith(".") or _RESERVED.fullmatch(stem):
        raise ValueError(f"{name!r} cannot be a file name. Choose a name such as 'my vases'.")
    if len(stem.encode()) > _LONGEST_NAME:
        raise ValueError(f"The name is too long ({len(stem)} letters). Choose a shorter one.")
    return stem + SUFFIX
