"""Published HRVs on first use: fetched, checked, converted and kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from ..relevance import HeadRelevance
from .authors import import_authors
from .download import DownloadError
from .hrv_file import load_relevance, save_relevance
from .manifest import ROLES, ManifestEntry
from .remote_file import RemoteFile

Progress = Callable[[int, int], None]


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
    try:
        return file.content(report, base_url)
    except DownloadError as error:
        reason = _get_by_hand(entry, file.address(base_url), folder, str(error))
        raise ValueError(reason) from error


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
