"""The head-count sweep of the segmentation, and the choice within each map size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..drawing import AMBER, BLUE, GREEN, GREY, RED, panels, save
from .curves import Data, Scope

COLOURS = {"voted": (RED, AMBER), "measured": (BLUE, GREEN)}
"""Vector -> colours of its most and its least relevant heads."""


def draw(data: Data, folder: Path) -> list[str]:
    """The sweep over all heads, and the areas under the ROC curve by map size."""
    return [
        save(_sweep(data), folder, "segmentation.png"),
        save(_sizes(data["scopes"]), folder, "segmentation-sizes.png"),
    ]


def _sweep(data: Data) -> Figure:
    """One panel per threshold, and one without any."""
    figure, grid = panels(data["titles"], 4, 2.9, 2.9)
    best = max(max(line[1:-1]) for points in data["curves"].values() for line in points)
    for column, axes in enumerate(grid):
        for label, points in data["curves"].items():
            x, y = np.array(points)[:, 0], np.array(points)[:, column + 1]
            axes.plot(x, y, "o-", ms=3, color=_colour(label), label=label)
        axes.axhline(data["daam"][column], ls="--", lw=1, color="black", label="DAAM")
        axes.set_xlabel("heads [%]", fontsize=9)
        axes.set_ylim(0, 1.25 * max(best, *data["daam"][:-1]))
    grid[-1].set_ylim(0.4, 1)
    grid[0].set_ylabel("mean IoU", fontsize=9)
    grid[-1].set_ylabel("area under ROC", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=6)
    return figure


def _colour(label: str) -> str:
    name, _, order = label.partition(", ")
    return COLOURS[name][order != "MoRHF"] if order else GREY


def _sizes(scopes: dict[str, Scope]) -> Figure:
    figure = Figure(figsize=(2.2 + 1.9 * len(scopes), 3.6), layout="constrained")
    axes = figure.add_subplot()
    for place, scope in enumerate(scopes.values()):
        around = place + np.linspace(-0.06, 0.06, len(scope["random"]))
        axes.plot(around, scope["random"], "_", color=GREY, ms=7, label="random")
        across = [place - 0.36, place + 0.36]
        axes.plot(across, [scope["all"]] * 2, "--", color="black", lw=1, label="all of them")
        for number, name in enumerate(scope["most"]):
            for which, colour, marker in zip(("most", "least"), COLOURS[name], "^v", strict=True):
                mean, low, high = (scope["most"] if which == "most" else scope["least"])[name]
                at = place + (-0.28, 0.2)[number] + (0.0, 0.08)[which == "least"]
                reach = [[max(mean - low, 0)], [max(high - mean, 0)]]
                label = f"{which} relevant, {name}"
                axes.errorbar(at, mean, reach, fmt=marker, color=colour, ms=6, lw=1, label=label)
    axes.axhline(0.5, lw=0.8, color=GREY)
    axes.set_xticks(range(len(scopes)), [f"maps of {s}" if "x" in s else s for s in scopes])
    axes.set_xlim(-0.6, len(scopes) - 0.4)
    axes.set_ylabel("area under ROC")
    axes.grid(axis="y", alpha=0.25)
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(once.values(), once, loc="outside right center", fontsize=8, frameon=False)
    return figure
