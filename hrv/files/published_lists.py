"""Word and prompt lists that others publish: fetched once on request, checked, never shipped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..text.untrusted import parse_json, read_text
from .download import DownloadError
from .fetch import Progress
from .manifest import DAMAGED, damaged
from .remote_file import FileRecord, RemoteFile, require_text
from .whole_files import write_whole


class ListRecord(FileRecord):
    """A list as manifests write it."""

    title: str


@dataclass(frozen=True)
class PublishedList:
    """A list by its title in menus."""

    title: str
    file: RemoteFile

    def fetch(
        self, folder: Path, progress: Progress | None = None, base_url: str | None = None
    ) -> Path:
        """The file in `folder`, fetched unless it is there; a file put there by hand counts.

        `base_url` replaces everything before the file name. ValueError, if it cannot be had, says
        where to get it and where to put it.
        """
        target = folder / self.file.name
        if target.is_file() and self.file.fits(target.read_bytes()):
            return target

        def received(size: int) -> None:
            if progress is not None:
                progress(size, self.file.size)

        try:
            content = self.file.content(received, base_url)
        except DownloadError as error:
            raise ValueError(
                f"{self.file.name} could not be fetched from {self.file.address(base_url)}: "
                f"{error}. Try again, or save it yourself into {folder} under the same name."
            ) from error
        write_whole(target, content)
        return target


def published_list(manifest: Path, kind: str) -> PublishedList:
    """The list of a kind, "concepts" or "prompts", that a manifest names.

    ValueError if it is damaged.
    """
    try:
        content: Any = parse_json(read_text(manifest))
        entry: ListRecord = content["files"][kind]
        require_text(entry["title"], "title")
        return PublishedList(entry["title"], RemoteFile.of(entry))
    except DAMAGED as error:
        raise damaged(manifest, error) from error
