"""Figures of ordered weakening, after figures 3 and 16 of arXiv 2412.02237."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..drawing import BLUE, GREEN, GREY, RED, panels, save
from .specificity import RANKED
from .summary import NAMES, Data

LIMITS = (-85, 105)
"""Below 0: the factor -2 turns the image away from what was named."""
LINES: dict[str, dict[str, Any]] = {
    "random": {"color": GREY, "ls": "-", "lw": 1.4},
    "voted, LeRHF": {"color": BLUE, "ls": "--", "lw": 1.4},
    "voted, MoRHF": {"color": BLUE, "ls": "-", "lw": 1.8},
    "measured, LeRHF": {"color": RED, "ls": "--", "lw": 1.4},
    "measured, MoRHF": {"color": RED, "ls": "-", "lw": 1.8},
}


def draw(data: Data, folder: Path) -> list[str]:
    """Presence over the number of heads, the matrix of losses, what is spared, and factors."""
    made = [_counts(data, folder), _matrix(data, folder)]
    if data["specific"]:
        made.append(_specific(data, folder))
    return [*made, *([_factors(data, folder)] if data["factors"] else [])]


def _counts(data: Data, folder: Path) -> str:
    figure, grid = panels(list(data["curves"]), columns=5)
    for number, (axes, curves) in enumerate(zip(grid, data["curves"].values(), strict=True)):
        for name, style in LINES.items():
            if name in curves:
                points = 100 * np.array(curves[name])
                label = name.replace("voted", "votes")
                axes.plot(points[:, 0], points[:, 1], "o", ms=3, label=label, **style)
        axes.set_ylim(*LIMITS)
        axes.axhline(0, lw=0.7, color=GREY)
        if number % 5 == 0:
            axes.set_ylabel("still shown, less floor [%]", fontsize=9)
        axes.set_xlabel("weakened heads [%]", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="lower right", fontsize=9)
    return save(figure, folder, "weakening.png")


def _matrix(data: Data, folder: Path) -> str:
    names = data["concepts"]
    titles = [f"by {NAMES[source]}" for source in data["matrix"]]
    figure, grid = panels(titles, columns=2, width=5.6, height=4.8)
    for number, (axes, losses) in enumerate(zip(grid, data["matrix"].values(), strict=True)):
        values = 100 * np.array(losses) + 0.0
        axes.imshow(values, cmap="RdBu_r", vmin=-100, vmax=100)
        axes.grid(visible=False)
        for (row, column), value in np.ndenumerate(values):
            shade = "white" if abs(value) > 60 else "black"
            weight = "bold" if row == column else "normal"
            text = {"ha": "center", "va": "center", "fontsize": 8, "weight": weight}
            axes.text(column, row, f"{round(value)}", c=shade, **text)
        axes.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=8)
        axes.set_yticks(range(len(names)), names if number == 0 else [""] * len(names), fontsize=8)
        axes.set_xlabel("loss of", fontsize=9)
    grid[0].set_ylabel("order of", fontsize=9)
    return save(figure, folder, "weakening-matrix.png")


def _factors(data: Data, folder: Path) -> str:
    figure, grid = panels(list(data["factors"]), columns=5)
    for number, (axes, curve) in enumerate(zip(grid, data["factors"].values(), strict=True)):
        points = np.array(curve)
        axes.plot(points[:, 0], 100 * points[:, 1], "o-", ms=3, lw=1.8, color=BLUE, label="concept")
        axes.plot(points[:, 0], 100 * points[:, 2], "--", lw=1, color=BLUE, label="others")
        axes.axvline(1, color=GREY, lw=0.8)
        axes.set_ylim(*LIMITS)
        if number % 5 == 0:
            axes.set_ylabel("still shown, less floor [%]", fontsize=9)
        axes.set_xlabel("factor", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="lower right", fontsize=9)
    return save(figure, folder, "weakening-factors.png")


def _specific(data: Data, folder: Path) -> str:
    """One panel for each share of the heads."""
    titles = [f"{share} of the heads" for share in data["specific"]]
    figure, grid = panels(titles, columns=2, width=4.2, height=3.6)
    for axes, by_source in zip(grid, data["specific"].values(), strict=True):
        for source, colour in (("voted", BLUE), ("measured", RED), ("specific", GREEN)):
            own, others = 100 * np.array(by_source[source]).T
            axes.plot(own, others, "o", ms=4, alpha=0.5, color=colour)
            axes.plot(own.mean(), others.mean(), "D", ms=9, color=colour, label=RANKED[source])
        axes.set_xlabel("left of the concept [%]", fontsize=9)
    grid[0].set_ylabel("left of the others [%]", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return save(figure, folder, "weakening-specific.png")
