"""HRVs of timestep bins as points on a page (HRV, arXiv 2412.02237, figure 10)."""

from __future__ import annotations

import numpy as np

from ..construct.vectors import vectors_of
from ..relevance import HeadRelevance
from ..similarity import plane, separation
from .canvas import MARGIN, SMALL, TEXT, Canvas, Pixels

_SIDE, _ABOVE, _LINE = 620, 190, 30
_COLUMNS = 4


def timestep_bins_map(relevance: HeadRelevance, dark: bool = False) -> Pixels:
    """Each concept's HRV in each timestep bin as a point, coloured by concept and beside it by bin.

    ValueError if the votes were not counted in timestep bins.
    """
    if relevance.kind == "measured":
        raise ValueError(
            "Measured HRVs are one vector over all steps: they have no timestep bins. Choose "
            "another view."
        )
    if relevance.timestep_bins is None or len(relevance.timestep_bins) < 2:
        raise ValueError(
            "This HRV was not counted in timestep bins. Construct it with timestep bins "
            "set to 2 or more, such as 10."
        )
    vectors = vectors_of(relevance.timestep_bins)
    points = plane(vectors).numpy()
    count, names = len(relevance.timestep_bins), relevance.concepts
    rows = -(-len(names) // _COLUMNS)
    width = 2 * _SIDE + 3 * MARGIN
    canvas = Canvas(width, _ABOVE + _SIDE + 70 + rows * _LINE + MARGIN, dark)
    across, within = separation(vectors)
    canvas.heading(
        f"{len(names)} concepts in {count} timestep bins",
        f"mean cosine: {across:.2f} for one concept in two bins, {within:.2f} for two concepts in "
        "one bin",
    )
    shown = np.broadcast_to(np.arange(len(names)), points.shape[:2])
    _scatter(canvas, MARGIN, "by concept", points, _hues(len(names))[shown])
    shown = np.broadcast_to(np.arange(count)[:, None], points.shape[:2])
    _scatter(
        canvas, 2 * MARGIN + _SIDE, "by timestep bin, first to last", points, _ramp(count)[shown]
    )
    _legend(canvas, names)
    return canvas.pixels()


def _hues(count: int) -> np.ndarray:
    """Colours round the wheel, neighbours far apart, (count, 3)."""
    from matplotlib.colors import hsv_to_rgb

    hues = (np.arange(count) * 0.61803) % 1
    values = np.where(np.arange(count) % 2, 0.95, 0.75)
    return np.stack([hsv_to_rgb((h, 0.7, v)) for h, v in zip(hues, values, strict=True)])


def _ramp(count: int) -> np.ndarray:
    """From blue (first) to orange (last), (count, 3)."""
    from matplotlib.colors import to_rgb

    first, last = np.array(to_rgb("#3f7fb3")), np.array(to_rgb("#f0a03c"))
    return first + np.linspace(0, 1, count)[:, None] * (last - first)


def _scatter(canvas: Canvas, x: float, title: str, points: np.ndarray, colours: np.ndarray) -> None:
    canvas.text(x, _ABOVE - 30, title, TEXT)
    canvas.band(x, _ABOVE, _SIDE, _SIDE)
    axes = canvas.axes(x, _ABOVE, _SIDE, _SIDE)
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    placed = 24 + (points - low) / np.maximum(high - low, 1e-12) * (_SIDE - 48)
    axes.scatter(placed[..., 0].ravel(), placed[..., 1].ravel(), c=colours.reshape(-1, 3), s=70)


def _legend(canvas: Canvas, names: tuple[str, ...]) -> None:
    wide = (canvas.width - 2 * MARGIN) / _COLUMNS
    for i, (name, colour) in enumerate(zip(names, _hues(len(names)), strict=True)):
        x = MARGIN + i % _COLUMNS * wide
        y = _ABOVE + _SIDE + 60 + i // _COLUMNS * _LINE
        canvas.text(x, y, "●", SMALL, color=tuple(colour))
        canvas.text(x + 26, y, name, SMALL, room=wide - 40)
