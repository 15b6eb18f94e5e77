"""How alike the HRVs of every two concepts are, as a coloured matrix."""

from __future__ import annotations

import numpy as np

from ..relevance import HeadRelevance
from ..similarity import cosine_matrix
from .canvas import MARGIN, SMALL, TEXT, WIDTH, Canvas, Pixels, TextStyle, Values, colours, ink_on

_WRITTEN = 12  # up to so many concepts the cosines are written into the cells


def concept_similarity(relevance: HeadRelevance, dark: bool = False) -> Pixels:
    """The cosine between the HRVs of every two concepts, as a matrix with names on two sides."""
    cosines, count = cosine_matrix(relevance.vectors).numpy(), len(relevance.concepts)
    size = TEXT if count <= 20 else SMALL
    room = min(240, max(90, int(max(map(len, relevance.concepts)) * size * 0.64)))
    left, above, below = MARGIN + room + 12, 150, room + 40
    cell = max(SMALL, min(100, (WIDTH - left - MARGIN) // count))
    side = cell * count
    canvas = Canvas(max(left + side + MARGIN, 800), above + side + below + 70, dark)
    canvas.heading("How alike the concepts are", "cosine of their HRVs; 1: the same heads")
    levels = colours(cosines, canvas.theme.cosine)
    axes = canvas.image(left, above, side, side, levels)
    lines = np.arange(count + 1) * cell
    axes.vlines(lines, 0, side, colors=canvas.theme.page, linewidth=1)
    axes.hlines(lines, 0, side, colors=canvas.theme.page, linewidth=1)
    for i, concept in enumerate(relevance.concepts):
        middle = (i + 0.5) * cell
        canvas.text(left - 12, above + middle, concept, size, room, ha="right")
        upright: TextStyle = {"rotation": 90, "ha": "center", "va": "top"}
        canvas.text(left + middle, above + side + 12, concept, size, room, **upright)
    if count <= _WRITTEN:
        _write_values(canvas, (left, above, cell), cosines, levels)
    _cosine_scale(canvas, (left, above + side + below, side, 24))
    return canvas.pixels()


def _write_values(
    canvas: Canvas, grid: tuple[int, int, int], values: Values, filled: Values
) -> None:
    x, y, cell = grid
    for row, column in np.ndindex(values.shape):
        canvas.text(
            x + (column + 0.5) * cell,
            y + (row + 0.5) * cell,
            f"{values[row, column]:.2f}",
            min(TEXT, cell * 0.3),
            color=ink_on(filled[row, column]),
            ha="center",
        )


def _cosine_scale(canvas: Canvas, box: tuple[float, float, float, float]) -> None:
    x, y, width, height = box
    canvas.image(x, y, width, height, colours(np.linspace(0, 1, 256)[None], canvas.theme.cosine))
    for value in (0, 0.25, 0.5, 0.75, 1):
        canvas.text(x + value * width, y + height + 18, f"{value:g}", SMALL, ha="center")
