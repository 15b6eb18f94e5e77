"""Figures of the experiment with two objects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..drawing import AMBER, BLUE, GREY, RED, save, shares
from .snapshots import row_of
from .summary import Data, Measures

COLOURS = (GREY, BLUE, RED, AMBER)


def draw(name: str, data: Data, folder: Path) -> list[str]:
    """Bars, and images where some were kept."""
    made = [save(_bars(data["shares"]), folder, f"{name}_shares.png")]
    if data["kept"]:
        made.append(save(_images(data["kept"]), folder, f"{name}_pictures.png"))
    return made


def _bars(found: dict[str, Measures]) -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    measures = list(next(iter(found.values())))
    wide = 0.8 / len(found)
    for number, (method, cells) in enumerate(found.items()):
        places = np.arange(len(measures)) + (number - (len(found) - 1) / 2) * wide
        heights = np.array([100 * cells[name]["share"] for name in measures])
        ends = np.array([[100 * v for v in cells[name]["interval"]] for name in measures]).T
        reach = np.maximum(np.abs(ends - heights), 0)
        colour = COLOURS[number % len(COLOURS)]
        axes.bar(places, heights, wide * 0.92, color=colour, label=method)
        axes.errorbar(places, heights, reach, fmt="none", ecolor="#222222", capsize=3, lw=1)
    axes.set_xticks(range(len(measures)), measures, fontsize=8)
    axes.set_ylabel("share [%]")
    shares(axes)
    axes.set_ylim(0, 105)
    axes.grid(axis="y", alpha=0.25)
    axes.legend(fontsize=8, frameon=False)
    return figure


def _images(kept: dict[str, dict[str, list[str]]]) -> Figure:
    methods = list(next(iter(kept.values())))
    count = len(kept) * len(methods)
    figure = Figure(figsize=(6.6, 1.22 * count + 0.3 * len(kept)), layout="constrained")
    grid = iter(figure.subplots(count, 1, squeeze=False).ravel())
    for prompt, found in kept.items():
        for number, method in enumerate(methods):
            axes = next(grid)
            axes.imshow(row_of(found[method]), interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.set_ylabel(method, fontsize=8)
            for side in axes.spines.values():
                side.set_visible(False)
            if number == 0:
                axes.set_title(prompt, fontsize=9, loc="left")
    return figure
