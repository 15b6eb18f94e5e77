"""The list of published HRVs, with their addresses, sizes and checksums."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from ..text.untrusted import parse_json, read_text, short
from .file_names import SUFFIX, safe_file_name
from .remote_file import FileRecord, RemoteFile, require_text

ROLES = ("vectors", "heads", "words")
_FORMAT = ("hrv-manifest", 1)
DAMAGED = (ValueError, TypeError, KeyError, AttributeError, IndexError)
"""What reading a record that lacks something ends in."""


class EntryRecord(TypedDict):
    """An entry as manifests write it."""

    id: str
    title: str
    family: str
    licence: str
    repository: str
    commit: str
    provenance: dict[str, str]
    files: dict[str, FileRecord]


@dataclass(frozen=True)
class ManifestEntry:
    """One published set of HRVs; `files` has the roles vectors, heads and words."""

    id: str
    title: str
    family: str
    licence: str
    repository: str
    commit: str
    provenance: Mapping[str, str]
    files: Mapping[str, RemoteFile]

    def __post_init__(self) -> None:
        safe_file_name(self.id)
        if set(self.files) != set(ROLES):
            raise ValueError(f"{self.id}: files should be {ROLES}, but are {sorted(self.files)}.")

    @property
    def file_name(self) -> str:
        """The name under which the converted file is kept."""
        return self.id + SUFFIX

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files.values())


def read_manifest(path: str | os.PathLike[str]) -> tuple[ManifestEntry, ...]:
    """All entries of a manifest; ValueError names the file and what is wrong with it."""
    path = Path(path)
    try:
        content: Any = parse_json(read_text(path))
        if (content["format"], content["version"]) != _FORMAT:
            raise ValueError(f"format and version should be {_FORMAT}")
        entries = tuple(_entry(fields) for fields in content["entries"])
    except DAMAGED as error:
        raise damaged(path, error) from error
    if len({entry.id for entry in entries}) < len(entries):
        raise ValueError(f"The manifest {path.name!r} has an id twice. Update the pack.")
    return entries


def damaged(path: Path, error: Exception) -> ValueError:
    """What to say of a manifest that cannot be read."""
    said = short(repr(error), 400)
    return ValueError(f"The manifest {path.name!r} is damaged: {said}. Update the pack.")


def _entry(record: EntryRecord) -> ManifestEntry:
    files = {role: RemoteFile.of(file) for role, file in record["files"].items()}
    unknown = sorted(set(record) - EntryRecord.__required_keys__)
    if unknown:
        raise ValueError(f"an entry has no field {', '.join(unknown)}")
    for name in ("id", "title", "family", "licence", "repository", "commit"):
        require_text(record[name], name)
    for name, text in record["provenance"].items():
        require_text(text, name)
    return ManifestEntry(
        id=record["id"],
        title=record["title"],
        family=record["family"],
        licence=record["licence"],
        repository=record["repository"],
        commit=record["commit"],
        provenance=record["provenance"],
        files=files,
    )
