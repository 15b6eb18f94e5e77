"""What HRV Load lists: “auto”, the files on disk, and published ones, fetched when chosen."""

from __future__ import annotations

from pathlib import Path

from ...hrv.files.fetch import fetch_entry
from ...hrv.files.manifest import ManifestEntry, read_manifest
from ...hrv.text.spelling import nearest
from . import folders as library
from .downloading import download_progress

AUTO = "auto"
"""The choice of the file that fits the connected model."""
DOWNLOAD = "download: "


def choices() -> list[str]:
    """HRV files on disk, then published ones that are fetched when chosen."""
    return [*library.names(), *map(choice_of, published())]


def published() -> tuple[ManifestEntry, ...]:
    """What the paper's authors published, fetched when chosen."""
    return read_manifest(library.PRETRAINED / "manifest.json")


def choice_of(entry: ManifestEntry) -> str:
    """How a published entry is called in menus."""
    return DOWNLOAD + entry.title


def path_of(choice: str) -> Path:
    """The file behind a choice of HRV Load, fetched first where it is a download."""
    entry = entry_of(choice)
    if entry is None:
        return library.find(choice)
    return fetch_entry(entry, library.own_folder(), download_progress())


def check(choice: str) -> None:
    """ValueError, with the nearest name, for a choice that is not there; fetches nothing."""
    if entry_of(choice) is None:
        library.find(choice)


def entry_of(choice: str) -> ManifestEntry | None:
    """The published entry of a choice; None for a file on disk. ValueError for an unknown one."""
    if not choice.startswith(DOWNLOAD):
        return None
    titles = {choice_of(entry): entry for entry in published()}
    if choice not in titles:
        raise ValueError(
            f"There is no {choice!r}.{nearest(choice, titles)} Available downloads: "
            f"{', '.join(titles)}."
        )
    return titles[choice]


def concepts_of(choice: str) -> list[str]:
    """The concept names behind a choice, without fetching anything: the paper's for a download.

    Of “auto” those of every file; `concepts_upstream` is for a page that knows the model.
    """
    if choice == AUTO:
        return library.known_concepts()
    entry = entry_of(choice)
    if entry is None:
        return library.concepts_in(choice)
    path = library.own_folder() / entry.file_name
    return library.concepts_in(entry.file_name) if path.is_file() else list(library.PAPER_CONCEPTS)


def listing() -> str:
    """Changes whenever a listed file is added, removed or written."""
    stats = ((name, library.find(name).stat()) for name in library.names())
    return "; ".join(f"{name}:{stat.st_mtime_ns}:{stat.st_size}" for name, stat in stats)
