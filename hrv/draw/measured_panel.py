"""The page of a measurement: the word's clear readings beside each other, the heads below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from ..relevance import HeadRelevance
from .canvas import MARGIN, TEXT, Canvas, Pixels
from .heat_maps import heat_map

_SIDE, _GAP, _ABOVE = 400, 32, 150


def measured_panel(
    relevance: HeadRelevance, tiles: Sequence[tuple[str, Tensor]], dark: bool = True
) -> Pixels:
    """Tiles (name, image (h, w, 3)) in a row, if any, over the heat map of the first reading."""
    grid = heat_map(relevance, relevance.concepts[0], dark)
    if not tiles:
        return grid
    page = Canvas(grid.shape[1], _ABOVE + _SIDE + MARGIN, dark)
    page.heading("The readings, drawn from equal noise", "what the heads below turn the word to")
    for number, (name, image) in enumerate(tiles):
        x = MARGIN + number * (_SIDE + _GAP)
        wide = min(1.0, image.shape[1] / image.shape[0]) * _SIDE
        tall = min(1.0, image.shape[0] / image.shape[1]) * _SIDE
        page.text(x, _ABOVE - 14, name, TEXT, room=_SIDE, weight="bold")
        opaque = np.ones((*image.shape[:2], 1))
        page.image(x, _ABOVE + 6, wide, tall, np.concatenate([image.numpy(), opaque], axis=-1))
    return np.concatenate([page.pixels(), grid])
