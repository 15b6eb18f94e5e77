"""Figures of ordered weakening, after figures 3 and 16 of arXiv 2412.02237."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..drawing import BLUE, GREY, RED, panels, save, shares
from .summary import Data

ORDERS = {"random": GREY, "LeRHF": BLUE, "MoRHF": RED}


def draw(data: Data, folder: Path) -> list[str]:
    """Presence over the number of heads, and over factors."""
    return [_counts(data, folder), _factors(data, folder)]


def _counts(data: Data, folder: Path) -> str:
    figure, grid = panels(list(data["concepts"]), columns=5)
    for number, (axes, curves) in enumerate(zip(grid, data["concepts"].values(), strict=True)):
        for order, colour in ORDERS.items():
            points = 100 * np.array(curves[order])
            x = points[:, 0] / data["heads"]
            axes.plot(x, points[:, 1], "o-", ms=3, lw=1.8, color=colour, label=order)
            if order == "MoRHF":
                axes.plot(x, points[:, 2], "--", lw=1, color=colour, label="others, MoRHF")
        shares(axes)
        if number % 5 == 0:
            axes.set_ylabel("still shown [%]", fontsize=9)
        axes.set_xlabel("weakened heads [%]", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="lower right", fontsize=9)
    return save(figure, folder, "weakening.png")


def _factors(data: Data, folder: Path) -> str:
    figure, grid = panels(list(data["concepts"]), columns=5)
    for number, (axes, curves) in enumerate(zip(grid, data["concepts"].values(), strict=True)):
        points = np.array(curves["factors"])
        axes.plot(points[:, 0], 100 * points[:, 1], "o-", ms=3, lw=1.8, color=RED, label="concept")
        axes.plot(points[:, 0], 100 * points[:, 2], "--", lw=1, color=RED, label="others")
        axes.axvline(1, color=GREY, lw=0.8)
        shares(axes)
        if number % 5 == 0:
            axes.set_ylabel("still shown [%]", fontsize=9)
        axes.set_xlabel("factor", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="lower right", fontsize=9)
    return save(figure, folder, "weakening-factors.png")
