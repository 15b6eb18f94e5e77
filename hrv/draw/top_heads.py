"""The most relevant heads of a concept, as a table with bars."""

from __future__ import annotations

import numpy as np

from ..head_choice import top_heads
from ..relevance import HeadRelevance
from .canvas import MARGIN, SMALL, TEXT, WIDTH, Canvas, Pixels, TextStyle, colours
from .heat_maps import as_drawn, relevance_level, top_of

_LISTED = 60


def top_heads_table(
    relevance: HeadRelevance, concept: str, k: int = 10, dark: bool = False
) -> Pixels:
    """The `k` most relevant heads of a concept: rank, name, HRV entry and a bar to compare.

    Of a measured HRV the entries are 1 + g / max|g|, as in the heat maps.
    """
    relevance = as_drawn(relevance)
    if k > _LISTED:
        raise ValueError(f"The image lists up to {_LISTED} heads; found {k}. Lower the number.")
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
        muted: TextStyle = {"color": theme.muted, "ha": "right"}
        canvas.text(MARGIN + 34, above + middle, str(rank + 1), TEXT, **muted)
        canvas.text(MARGIN + 60, above + middle, str(head), TEXT)
        canvas.text(bars + room + 84, above + middle, f"{value:.2f}", TEXT, ha="right")
    if largest > 1:
        neutral = room / largest
        axes.vlines(neutral, 0, k * row, colors=theme.ink, linewidth=2, linestyles=(0, (3, 3)))
        canvas.text(bars + neutral, above + k * row + 26, "1 neutral", SMALL, ha="center")
    return canvas.pixels()
