"""The captioned page of a diagnosis: how a word was read in one image."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from ..diagnosis import Reading, percent
from .canvas import MARGIN, SMALL, TEXT, Canvas, Pixels

_TILE, _GAP, _TOP = 320, 24, 190
_BAR = "#e08a30"


def panel(
    reading: Reading, tiles: Sequence[tuple[str, Tensor]], advice: str, dark: bool = True
) -> Pixels:
    """One captioned page: a row of tiles (name, image (h, w, 3)), shares below, the advice."""
    width = 2 * MARGIN + len(tiles) * _TILE + (len(tiles) - 1) * _GAP
    tall = round(_TILE * tiles[0][1].shape[0] / tiles[0][1].shape[1])
    lines = textwrap.wrap(advice, int((width - 2 * MARGIN) / (TEXT * 0.56)))
    page = Canvas(width, _TOP + tall + 110 + len(lines) * 34 + MARGIN, dark)
    page.heading(f"How “{reading.word}” was read", "attention of the heads that know each concept")
    for i, (name, image) in enumerate(tiles):
        x = MARGIN + i * (_TILE + _GAP)
        page.text(x, _TOP - 26, name, TEXT, room=_TILE, weight="bold")
        opaque = np.ones((*image.shape[:2], 1))
        page.image(x, _TOP, _TILE, tall, np.concatenate([image.numpy(), opaque], axis=-1))
        if name in reading.concepts:
            _share(page, (x, _TOP + tall + 16), reading, reading.concepts.index(name))
    for i, line in enumerate(lines):
        page.text(MARGIN, _TOP + tall + 122 + i * 34, line, TEXT)
    return page.pixels()


def _share(page: Canvas, corner: tuple[float, float], reading: Reading, index: int) -> None:
    """A bar of the concept's share with its number, and the overlap with DAAM's mask."""
    x, y = corner
    axes = page.axes(x, y, _TILE, 12)
    axes.axhspan(0, 12, color=page.theme.line)
    axes.fill_between([0, _TILE * float(reading.shares[index])], 0, 12, color=_BAR, linewidth=0)
    page.text(x, y + 32, f"claims {percent(reading.shares[index])} of the word", SMALL)
    against = percent(reading.against_daam[index])
    page.text(x, y + 58, f"overlap with DAAM {against}", SMALL, color=page.theme.muted)
