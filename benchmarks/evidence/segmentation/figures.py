"""The head-count sweep of the segmentation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..drawing import BLUE, GREY, RED, panels, save
from .summary import Data

ORDERS = {"MoRHF": RED, "LeRHF": BLUE, "random": GREY}


def draw(data: Data, folder: Path) -> list[str]:
    """One panel per threshold, and one without any."""
    figure, grid = panels(data["titles"], 4, 2.9, 2.9)
    for column, axes in enumerate(grid):
        for order, colour in ORDERS.items():
            points = np.array(data["curves"][order])
            axes.plot(points[:, 0], points[:, column + 1], "o-", ms=3, color=colour, label=order)
        axes.axhline(data["daam"][column], ls="--", lw=1, color="black", label="DAAM")
        axes.set_xlabel("heads [%]", fontsize=9)
        axes.set_ylim(0, 1)
    grid[0].set_ylabel("mean IoU", fontsize=9)
    grid[-1].set_ylabel("area under ROC", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return [save(figure, folder, "segmentation.png")]
