"""Published HRVs that are fetched on first use: a list of addresses, sizes and checksums."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict

from ..relevance import HeadRelevance
from .authors import import_authors
from .download import Download, DownloadError, check_address
from .file_names import SUFFIX, safe_file_name
from .hrv_file import load_relevance, save_relevance

Progress = Callable[[int, int], None]
ROLES = ("vectors", "heads", "words")
_FORMAT = ("hrv-manifest", 1)
_LARGEST = 64 * 2**20  # bytes; a vector file of 100 concepts on SDXL has half a megabyte


class FileRecord(TypedDict):
    """A file as manifests write it."""

    url: str
    bytes: int
    sha256: str


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
class RemoteFile:
    """One file as its publisher has it: https address, size in bytes, SHA-256 in hex."""

    url: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        check_address(self.url, loopback=False)
        if not 0 < self.size <= _LARGEST:
            raise ValueError(f"{self.url}: size {self.size} should be from 1 to {_LARGEST} bytes.")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError(f"{self.url}: {self.sha256!r} is not a SHA-256 of 64 hex digits.")

    @classmethod
    def of(cls, record: FileRecord) -> RemoteFile:
        """The file that a manifest writes down."""
        return cls(record["url"], record["bytes"], record["sha256"])

    @property
    def name(self) -> str:
        """The file name, the last part of the address."""
        return self.url.rsplit("/", 1)[1]

    def fits(self, content: bytes) -> bool:
        """Whether `content` is this file."""
        return len(content) == self.size and hashlib.sha256(content).hexdigest() == self.sha256


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
        content = json.loads(path.read_text(encoding="utf-8"))
        if (content["format"], content["version"]) != _FORMAT:
            raise ValueError(f"format and version should be {_FORMAT}")
        entries = tuple(_entry(fields) for fields in content["entries"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"The manifest {path.name!r} is damaged: {error!r}. Update the pack."
        ) from error
    if len({entry.id for entry in entries}) < len(entries):
        raise ValueError(f"The manifest {path.name!r} has an id twice. Update the pack.")
    return entries


def _entry(record: EntryRecord) -> ManifestEntry:
    files = {role: RemoteFile.of(file) for role, file in record["files"].items()}
    unknown = sorted(set(record) - EntryRecord.__required_keys__)
    if unknown:
        raise ValueError(f"an entry has no field {', '.join(unknown)}")
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


def fetch_entry(
    entry: ManifestEntry,
    target_folder: str | os.PathLike[str],
    progress: Progress | None = None,
    base_url: str | None = None,
) -> Path:
    """The HRV file of `entry` in `target_folder`, fetched and converted unless it is there.

    Published files put into the folder by hand are used instead of the network where their
    checksum fits. `progress(done, total)` counts bytes and may raise to interrupt: nothing partial
    stays. `base_url` replaces everything before the file names. ValueError, if the files cannot be
    had, says which to get from where and where to put them.
    """
    target = Path(target_folder) / entry.file_name
    if target.is_file() and _is_usable(target):
        return target
    contents: dict[str, bytes] = {}
    done = 0
    for role, file in entry.files.items():
        report = _from(done, entry.size, progress)
        contents[role] = _by_hand(file, target.parent) or _download(
            entry, file, target.parent, report, base_url
        )
        done += file.size
        report(file.size)
    return save_relevance(target, _convert(entry, contents))


def _is_usable(path: Path) -> bool:
    try:
        load_relevance(path)
    except ValueError:
        return False
    return True


def _from(done: int, total: int, progress: Progress | None) -> Callable[[int], None]:
    def report(received: int) -> None:
        if progress is not None:
            progress(done + received, total)

    return report


def _by_hand(file: RemoteFile, folder: Path) -> bytes | None:
    path = folder / file.name
    if not path.is_file() or path.stat().st_size != file.size:
        return None
    content = path.read_bytes()
    return content if file.fits(content) else None


def _download(
    entry: ManifestEntry,
    file: RemoteFile,
    folder: Path,
    report: Callable[[int], None],
    base_url: str | None,
) -> bytes:
    url = file.url if base_url is None else f"{base_url.rstrip('/')}/{file.name}"
    try:
        content = Download(url, file.size, loopback=base_url is not None).read(report)
        if not file.fits(content):
            raise DownloadError("what arrived is not the published file: its checksum differs")
        return content
    except DownloadError as error:
        raise ValueError(_get_by_hand(entry, url, folder, str(error))) from error


def _get_by_hand(entry: ManifestEntry, url: str, folder: Path, reason: str) -> str:
    lines = [f"{entry.title} could not be fetched from {url}: {reason}."]
    lines.append(f"Try again, or save these files yourself into {folder} under the same names:")
    for file in entry.files.values():
        if _by_hand(file, folder) is None:
            wrong = " (the one there is damaged)" if (folder / file.name).exists() else ""
            lines.append(f"  {file.url}{wrong}")
    return "\n".join(lines)


def _convert(entry: ManifestEntry, contents: Mapping[str, bytes]) -> HeadRelevance:
    """HRVs of the published files, with where they are from; `contents` is checked already."""
    source = {"licence": entry.licence, "source": entry.repository, "commit": entry.commit}
    with TemporaryDirectory(prefix="hrv-") as folder:
        paths = {role: Path(folder) / entry.files[role].name for role in ROLES}
        for role, path in paths.items():
            path.write_bytes(contents[role])
        relevance = import_authors(
            paths["vectors"], paths["heads"], paths["words"], {**entry.provenance, **source}
        )
    if relevance.heads.family != entry.family:
        raise ValueError(
            f"{entry.title} should be for {entry.family}, but is for {relevance.heads.family}."
        )
    return relevance
