"""What the evidence's figures share: panels, colours, and saving."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, RED, GREY, GREEN, AMBER = "#1f6fb4", "#d1495b", "#8a8a8a", "#3a8f5b", "#c98a1b"
DPI = 110


def panels(
    titles: Sequence[str], columns: int = 5, width: float = 2.7, height: float = 2.6
) -> tuple[Figure, list[Any]]:
    """A figure with one small panel per title, in rows."""
    columns = min(columns, len(titles))
    rows = ceil(len(titles) / columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, title in zip(grid, titles, strict=False):
        axes.set_title(title, fontsize=10)
        axes.grid(alpha=0.25)
        axes.set_axisbelow(True)
        axes.tick_params(labelsize=8)
    for axes in grid[len(titles) :]:
        axes.set_axis_off()
    return figure, list(grid[: len(titles)])


def shares(axes: Any) -> None:
    """The vertical axis shows shares of images in percent."""
    axes.set_ylim(-3, 103)


def save(figure: Figure, folder: Path, name: str) -> str:
    """Write a PNG into the folder; its name."""
    folder.mkdir(parents=True, exist_ok=True)
    figure.set_dpi(DPI)
    FigureCanvasAgg(figure).print_png(folder / name)
    return name
