"""Heat maps of head relevance vectors.

The layers run left to right in call order, down, mid, up; the heads of a layer top to bottom. What
is drawn is what Concept Strengthen multiplies a head's maps by: a voted HRV as it is, a measured
one as r = 1 + g / max|g|. 1 is neutral in both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..head_choice import top_heads
from ..measure.steer import towards
from ..relevance import HeadRelevance
from .canvas import MARGIN, SMALL, TEXT, WIDTH, Canvas, Pixels, Values, colours, ink_on
from .head_grid import HeadGrid

_MARKED = 10  # heads outlined in the heat map of one concept


def heat_map(relevance: HeadRelevance, concept: str | None = None, dark: bool = False) -> Pixels:
    """Layers x heads of one concept, or small maps of all concepts side by side.

    The colour scale is shared by all maps of an image: blue below the neutral 1, orange above.
    ValueError for a concept the HRV does not have.
    """
    drawn = as_drawn(relevance)
    if concept is None:
        return _overview(drawn, dark)
    return _single(drawn, drawn.index(concept), dark)


def as_drawn(relevance: HeadRelevance) -> HeadRelevance:
    """The same HRV with the numbers that are drawn: 1 is neutral, as strengthening multiplies."""
    if relevance.kind == "voted":
        return relevance
    return replace(relevance, vectors=torch.stack([towards(g) for g in relevance.vectors]))


def relevance_level(values: Values, top: float) -> Values:
    """Where relevance stands on its colour scale: 0 at 0, 1/2 at the neutral 1, 1 at `top`.

    Linear below neutral and logarithmic above, since HRVs crowd near 1 and reach far up.
    """
    above = np.log(np.maximum(values, 1)) / np.log(max(top, 1 + 1e-6))
    return np.clip(np.where(values < 1, values / 2, 0.5 + above / 2), 0, 1)


def top_of(values: Tensor) -> float:
    """The upper end of the colour scale for `values`: their largest, but 2 at least."""
    return max(2.0, float(values.max()))


def draw_scale(canvas: Canvas, box: tuple[float, float, float, float], top: float) -> None:
    """The colour scale of relevance in a box (x, y, width, height), upright or lying.

    The neutral level 1 is marked more strongly than the others.
    """
    x, y, width, height = box
    upright = height > width
    ramp = np.linspace(0, 1, 256)
    shown = ramp[::-1, None] if upright else ramp[None]
    axes = canvas.image(x, y, width, height, colours(shown, canvas.theme.relevance))
    powers = [2.0**n for n in range(1, 12) if 2.0**n < top * 0.75]
    for value in (0.0, 0.5, 1.0, *powers, top):
        level = float(relevance_level(np.array(value), top))
        ink, thick = canvas.theme.ink, 3 if value == 1 else 1
        weight = "bold" if value == 1 else "normal"
        if upright:
            at = height * (1 - level)
            axes.hlines(at, 0, width, colors=ink, linewidth=thick)
            canvas.text(x + width + 8, y + at, f"{value:.3g}", SMALL, weight=weight)
        else:
            at = width * level
            axes.vlines(at, 0, height, colors=ink, linewidth=thick)
            canvas.text(x + at, y + height + 18, f"{value:.3g}", SMALL, ha="center", weight=weight)


@dataclass(frozen=True)
class _Map:
    """One heat map on a canvas: cells of across x down pixels from (x, y), colours up to `top`."""

    canvas: Canvas
    grid: HeadGrid
    x: int
    y: int
    across: int
    down: int
    top: float

    @property
    def width(self) -> int:
        return self.across * self.grid.columns

    @property
    def height(self) -> int:
        return self.down * self.grid.rows

    def fill(self, vector: Tensor) -> None:
        """One coloured cell for each head, with thin lines between where there is room."""
        theme = self.canvas.theme
        levels = relevance_level(self.grid.spread(vector), self.top)
        cells = colours(levels, theme.relevance)
        axes = self.canvas.image(self.x, self.y, self.width, self.height, cells)
        if self.across < 14:
            return
        for _, start, stop in self.grid.blocks():
            xs = np.arange(start, stop + 1) * self.across
            ys = np.arange(self.grid.rows + 1) * self.down
            axes.vlines(xs, 0, self.height, colors=theme.page, linewidth=1)
            axes.hlines(ys, xs[0], xs[-1], colors=theme.page, linewidth=1)

    def mark(self, relevance: HeadRelevance, concept: str, count: int) -> None:
        """Outline the top heads, with their values where the cells have room."""
        theme = self.canvas.theme
        axes = self.canvas.axes(self.x, self.y, self.width, self.height)
        for head, value in top_heads(relevance, concept, count):
            column, row = self.grid.cell(head)
            x, y = column * self.across, row * self.down
            xs, ys = [x, x + self.across] * 2, [y, y, y + self.down, y + self.down]
            order = [0, 1, 3, 2, 0]
            outline = ([xs[i] for i in order], [ys[i] for i in order])
            axes.plot(*outline, color=theme.ink, linewidth=2.5, clip_on=False)
            if self.across >= 48:
                fill = colours(relevance_level(np.array(value), self.top), theme.relevance)
                middle = (self.x + x + self.across / 2, self.y + y + self.down / 2)
                self.canvas.text(*middle, f"{value:.1f}", SMALL, color=ink_on(fill), ha="center")

    def name_stages(self, y: float, size: float) -> None:
        """The names of the stages in a line at `y`, each over or under its layers."""
        for stage, start, stop in self.grid.blocks():
            middle = self.x + (start + stop) / 2 * self.across
            self.canvas.text(middle, y, stage, size, ha="center")

    def draw_frame(self) -> None:
        """Rules over the stages, and the numbers of layers and heads."""
        muted = self.canvas.theme.muted
        self.name_stages(self.y - 32, TEXT)
        for _, start, stop in self.grid.blocks():
            left, length = self.x + start * self.across, (stop - start) * self.across
            self.canvas.axes(left, self.y - 12, length, 3).axhspan(0, 3, color=muted)
            for layer in range(0, stop - start, 1 if self.across >= 36 else 5):
                x = left + (layer + 0.5) * self.across
                self.canvas.text(
                    x, self.y + self.height + 20, str(layer), SMALL, ha="center", color=muted
                )
        for head in range(0, self.grid.rows, math.ceil(32 / self.down)):
            y = self.y + (head + 0.5) * self.down
            self.canvas.text(self.x - 12, y, str(head), SMALL, ha="right", color=muted)
        x, y = self.x + self.width / 2, self.y + self.height / 2
        self.canvas.text(self.x - 60, y, "head", TEXT, ha="center", rotation=90)
        self.canvas.text(x, self.y + self.height + 54, "layer", TEXT, ha="center")


def _single(relevance: HeadRelevance, index: int, dark: bool) -> Pixels:
    grid, vector = HeadGrid(relevance.heads), relevance.vectors[index]
    left, above, below, right = 96, 186, 126, 136
    across = max(1, (WIDTH - left - right) // grid.columns)
    down = min(max(across, 480 // grid.rows), 64)
    size = (left + across * grid.columns + right, above + down * grid.rows + below)
    canvas = Canvas(*size, dark)
    concept, words = relevance.concepts[index], ", ".join(relevance.words[index])
    about = relevance.heads.description
    canvas.heading(concept, f"{about}: {words}" if words else about)
    drawn = _Map(canvas, grid, left, above, across, down, top_of(vector))
    drawn.fill(vector)
    marked = min(_MARKED, len(vector))
    drawn.mark(relevance, concept, marked)
    drawn.draw_frame()
    found = "measured: 1 + effect / largest effect; " if relevance.kind == "measured" else ""
    note = f"{found}1 is neutral; outlined: the {marked} most relevant heads"
    canvas.text(left, size[1] - 34, note, SMALL, color=canvas.theme.muted)
    draw_scale(canvas, (size[0] - right + 36, above, 28, drawn.height), drawn.top)
    return canvas.pixels()


def _overview(relevance: HeadRelevance, dark: bool) -> Pixels:
    grid, count = HeadGrid(relevance.heads), len(relevance.concepts)
    lines = math.ceil(count / (4 if count <= 16 or grid.columns > 40 else 5))
    per_line = math.ceil(count / lines)
    gap, above, title, below = 30, 146, 38, 136
    room = (WIDTH - 2 * MARGIN - (per_line - 1) * gap) // per_line
    across = min(40, max(1, room // grid.columns))
    down = max(1, min(across, 240 // grid.rows), 104 // grid.rows)
    width, line = across * grid.columns, down * grid.rows + title + gap
    wide = max(2 * MARGIN + per_line * (width + gap) - gap, 800)
    canvas = Canvas(wide, above + lines * line + below, dark)
    heads = (
        f"{relevance.heads.description}, layers left to right, heads top to bottom; 1 is neutral"
    )
    canvas.heading(f"Head relevance of {count} concepts", heads)
    for i, concept in enumerate(relevance.concepts):
        x, y = MARGIN + i % per_line * (width + gap), above + i // per_line * line
        canvas.text(x, y + 18, concept, 22, room=width + gap - 8)
        drawn = _Map(canvas, grid, x, y + title, across, down, top_of(relevance.vectors))
        drawn.fill(relevance.vectors[i])
        if i // per_line == lines - 1:
            drawn.name_stages(y + line - gap + 14, SMALL)
    draw_scale(canvas, (MARGIN, canvas.height - 78, wide - 2 * MARGIN, 26), drawn.top)
    return canvas.pixels()
