"""Pictures of head relevance vectors: heat maps, the concepts' similarity, the top heads.

Every picture is a (height, width, 3) uint8 array, light or dark, drawn with matplotlib, which is
imported only when something is drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ranking import cosine_similarity, top_heads, top_heads_text
from ..relevance import HeadRelevance
from .canvas import MARGIN, SMALL, TEXT, WIDTH, Canvas, Pixels, Values, colours, ink_on
from .heat_maps import heat_map, relevance_level, top_of

__all__ = [
    "concept_similarity",
    "cosine_similarity",
    "heat_map",
    "top_heads",
    "top_heads_table",
    "top_heads_text",
]

_LISTED = 60
_WRITTEN = 12  # up to so many concepts the cosines are written into the cells


def concept_similarity(relevance: HeadRelevance, dark: bool = False) -> Pixels:
    """The cosine between the HRVs of every two concepts, as a matrix with names on two sides."""
    cosines, count = cosine_similarity(relevance).numpy(), len(relevance.concepts)
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
        upright: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "top"}
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


def top_heads_table(
    relevance: HeadRelevance, concept: str, k: int = 10, dark: bool = False
) -> Pixels:
    """The `k` most relevant heads of a concept: rank, name, HRV entry and a bar to compare."""
    if k > _LISTED:
        raise ValueError(f"The picture lists up to {_LISTED} heads; found {k}. Lower the number.")
    ranked = top_heads(relevance, concept, k)
    index = relevance.index(concept)
    row, above, bars, room = 46, 160, 470, 640
    canvas = Canvas(WIDTH - 140, above + k * row + 90, dark)
    title = f"{relevance.concepts[index]}: top {k} heads"
    canvas.heading(title, relevance.heads.description)
    largest, top = ranked[0][1], top_of(relevance.vectors[index])
    theme = canvas.theme
    axes = canvas.axes(bars, above, room, k * row)
    for rank, (head, value) in enumerate(ranked):
        middle = (rank + 0.5) * row
        if rank % 2 == 0:
            canvas.band(MARGIN / 2, above + rank * row, canvas.width - MARGIN, row)
        colour = colours(relevance_level(np.array(value), top), theme.relevance)
        axes.barh(middle, room * value / largest, height=row * 0.62, color=colour)
        muted: dict[str, Any] = {"color": theme.muted, "ha": "right"}
        canvas.text(MARGIN + 34, above + middle, str(rank + 1), TEXT, **muted)
        canvas.text(MARGIN + 60, above + middle, str(head), TEXT)
        canvas.text(bars + room + 84, above + middle, f"{value:.2f}", TEXT, ha="right")
    if largest > 1:
        neutral = room / largest
        axes.vlines(neutral, 0, k * row, colors=theme.ink, linewidth=2, linestyles=(0, (3, 3)))
        canvas.text(bars + neutral, above + k * row + 26, "1 neutral", SMALL, ha="center")
    return canvas.pixels()
