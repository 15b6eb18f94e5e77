"""A sheet of images with captions; the images themselves are not scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .canvas import Canvas, Pixels

_SMALLEST, _LARGEST = 14, 48  # height of a caption's letters in pixels
_NARROWEST = 96  # room for a caption, in pixels
_LONGEST = 32_768  # a side of a sheet, in pixels
_MOST_PIXELS = 150_000_000  # of a sheet, which is then an IMAGE of about 2 GB
FULL_ROW = 5
"""Images side by side where nothing is said of it."""


@dataclass(frozen=True, eq=False)
class Entry:
    """Images (height, width, 3) uint8 of one caption; an empty caption is none."""

    caption: str
    images: Sequence[Pixels]


@dataclass(frozen=True)
class _Grid:
    """Where images stand: rows of cells of equal size, in pixels."""

    across: int
    down: int
    captioned: bool
    titled: bool

    @property
    def letters(self) -> int:
        return min(_LARGEST, max(_SMALLEST, self.across // 18))

    @property
    def gap(self) -> int:
        return max(8, self.letters // 2)

    @property
    def caption(self) -> int:
        """The height of a caption."""
        return 2 * self.letters if self.captioned else 0

    @property
    def top(self) -> int:
        return 2 * self.gap + (3 * self.letters if self.titled else 0)

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """(x, y) of a cell's image, below its caption."""
        y = self.top + row * (self.caption + self.down + self.gap) + self.caption
        return 2 * self.gap + column * (self.across + self.gap), y

    def size(self, rows: int, columns: int) -> tuple[int, int]:
        """(width, height) of the page; ValueError where it is too large."""
        x, y = self.corner(rows, columns)
        width, height = x + self.gap, y - self.caption + self.gap
        if max(width, height) > _LONGEST or width * height > _MOST_PIXELS:
            raise ValueError(
                f"The sheet would be {width} x {height} pixels. Connect fewer images, or scale "
                "them down first."
            )
        return width, height


def sheet(entries: Sequence[Entry], columns: int = 0, title: str = "", dark: bool = True) -> Pixels:
    """All images on one page, (height, width, 3) uint8.

    Entries of one image each stand side by side, `columns` in a row (0: up to `FULL_ROW`), each
    below its caption; otherwise each entry is a row of its own. A cell is as large as the
    largest image; smaller ones stand in its middle. ValueError where there are none, or too many.
    """
    every = [image for entry in entries for image in entry.images]
    if not every:
        raise ValueError("HRV Sheet: no images came. Connect an IMAGE, or a list of them.")
    rows = _rows(entries, columns)
    grid = _Grid(
        max(_NARROWEST, *(image.shape[1] for image in every)),
        max(image.shape[0] for image in every),
        any(entry.caption for entry in entries),
        bool(title),
    )
    longest = max(sum(len(entry.images) for entry in row) for row in rows)
    page = Canvas(*grid.size(len(rows), longest), dark)
    room = page.width - 4 * grid.gap
    if title:
        middle = 2 * grid.gap + grid.letters
        page.text(2 * grid.gap, middle, title, 1.4 * grid.letters, room=room, weight="bold")
    for row, listed in enumerate(rows):
        for column, entry in enumerate(listed):
            x, y = grid.corner(row, column)
            wide = room if len(listed) == 1 else grid.across
            page.text(x, y - grid.letters, entry.caption, grid.letters, room=wide)
    pixels = page.pixels()
    for row, listed in enumerate(rows):
        for column, image in enumerate(image for entry in listed for image in entry.images):
            _paste(pixels, image, grid, grid.corner(row, column))
    return pixels


def _rows(entries: Sequence[Entry], columns: int) -> list[Sequence[Entry]]:
    """Which entries stand side by side."""
    count = len(entries)
    if any(len(entry.images) > 1 for entry in entries):
        columns = 1
    elif not columns:
        columns = -(-count // -(-count // FULL_ROW))  # rows of about equal length
    return [entries[start : start + columns] for start in range(0, count, columns)]


def _paste(page: Pixels, image: Pixels, grid: _Grid, corner: tuple[int, int]) -> None:
    height, width = image.shape[:2]
    x = corner[0] + (grid.across - width) // 2
    y = corner[1] + (grid.down - height) // 2
    page[y : y + height, x : x + width] = np.asarray(image)
