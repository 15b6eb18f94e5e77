"""What HRV Load lists: the files on disk, and published ones that are fetched when chosen."""

from __future__ import annotations

from pathlib import Path

import comfy.model_management
import comfy.utils

from ...hrv.files.fetch import Progress, fetch_entry
from ...hrv.files.manifest import ManifestEntry, read_manifest
from . import folders as library

DOWNLOAD = "download: "


def choices() -> list[str]:
    """HRV files on disk, then published ones that are fetched when chosen."""
    return [*library.names(), *(DOWNLOAD + entry.title for entry in published())]


def published() -> tuple[ManifestEntry, ...]:
    """What the paper's authors published, fetched when chosen."""
    return read_manifest(library.PRETRAINED / "manifest.json")


def path_of(choice: str) -> Path:
    """The file behind a choice of HRV Load, fetched first where it is a download."""
    if not choice.startswith(DOWNLOAD):
        return library.find(choice)
    titles = {DOWNLOAD + entry.title: entry for entry in published()}
    if choice not in titles:
        raise ValueError(f"There is no “{choice}”. Published are: {', '.join(titles)}.")
    return fetch_entry(titles[choice], library.own_folder(), _show_progress())


def _show_progress() -> Progress:
    bar = comfy.utils.ProgressBar(1)

    def report(done: int, total: int) -> None:
        comfy.model_management.throw_exception_if_processing_interrupted()
        bar.update_absolute(done, total)

    return report


def concepts_of(choice: str) -> list[str]:
    """The concept names behind a choice, without fetching anything: the paper's for a download."""
    if not choice.startswith(DOWNLOAD):
        return library.concepts_in(choice)
    for entry in published():
        path = library.own_folder() / entry.file_name
        if choice == DOWNLOAD + entry.title and path.is_file():
            return library.concepts_in(entry.file_name)
    return list(library.PAPER_CONCEPTS)
