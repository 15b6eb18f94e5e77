"""Every head's relevance against how well its own map segments, drawn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .head_quality import SHARE, HeadQuality

COLOURS = ("#d1495b", "#1f6fb4", "#2e8b57", "#8a5fbf")


def draw(found: Mapping[str, HeadQuality], path: Path) -> None:
    """A column for each question: heads as points, and the means of the layers."""
    figure = Figure(figsize=(5.2 * len(found), 8.4), layout="constrained")
    grid = figure.subplots(2, len(found), squeeze=False)
    for (title, quality), (points, layers) in zip(found.items(), grid.T, strict=True):
        _points(points, quality)
        points.set_title(title)
        _layers(layers, quality)
    FigureCanvasAgg(figure).print_png(path)


def _points(axes: Axes, quality: HeadQuality) -> None:
    """One point for each head, coloured by the size of its layer."""
    relevance, own = quality.values("relevance").mean(0), quality.values("own").mean(0)
    sizes = sorted(set(quality.pixels.tolist()), reverse=True)
    for colour, pixels in zip(COLOURS, sizes, strict=False):
        mine = quality.pixels == pixels
        label = f"layers of {pixels} pixels"
        axes.scatter(relevance[mine], own[mine], s=22, color=colour, label=label)
    axes.axhline(
        quality.table()["DAAM"], color="#777777", lw=1, ls="--", label="DAAM, all together"
    )
    axes.axvline(1 - SHARE, color="#777777", lw=0.8, ls=":")
    axes.set(xlabel="relevance of the head (mean rank)", ylabel="mIoU of the head alone")
    axes.set(xlim=(0, 1), ylim=(0, 1.3 * max(own.max(), quality.table()["DAAM"])))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="upper left", ncols=2)


def _layers(axes: Axes, quality: HeadQuality) -> None:
    """For each layer its part of the most relevant heads, and its heads' mean IoU."""
    rows = quality.layers()
    at = np.arange(len(rows))
    axes.bar(at - 0.2, [row["of the top"] for row in rows], 0.4, color="#e08a30")
    axes.bar(at + 0.2, [row["own"] for row in rows], 0.4, color="#1f6fb4")
    axes.set_xticks(at, [f"{row['layer']}\n{row['pixels']}" for row in rows], fontsize=7)
    names = [f"part of the {SHARE:.0%} most relevant heads", "mIoU of its heads"]
    axes.legend(names, fontsize=8)
    axes.set_xlabel("layer and its pixels")
    axes.grid(alpha=0.3, axis="y")
