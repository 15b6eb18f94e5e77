"""Figures of what breaks HRVs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..drawing import AMBER, BLUE, GREEN, GREY, RED, save
from .agreement import Agreement
from .areas import Areas
from .summary import Data
from .weakening import MEASURES


def draw(name: str, data: Data, folder: Path) -> list[str]:
    """All figures whose data is there."""
    made = []
    if data["agreement"]:
        made.append(save(_prompts(data["agreement"]), folder, f"{name}_prompts.png"))
    if data["areas"]:
        made.append(save(_areas(data["areas"]), folder, f"{name}_areas.png"))
    return made


def _prompts(found: Agreement) -> Figure:
    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.fill_between(found["counts"], found["low"], found["high"], color=BLUE, alpha=0.2, lw=0)
    axes.plot(found["counts"], found["mean"], "o-", color=BLUE, label="mean of the concepts")
    axes.plot(found["counts"], found["worst"], "o--", color=RED, ms=4, label="worst concept")
    axes.set_xscale("log")
    axes.set_xticks(found["counts"], [str(n) for n in found["counts"]])
    axes.minorticks_off()
    axes.set(xlabel="prompts in each lot", ylabel="cosine", ylim=(0, 1.02))
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, frameon=False)
    return figure


def _areas(areas: Areas) -> Figure:
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.add_subplot()
    wide = 0.8 / len(MEASURES)
    colours = (RED, BLUE, GREEN, AMBER)
    for number, measure in enumerate(MEASURES):
        places = np.arange(len(areas)) + (number - (len(MEASURES) - 1) / 2) * wide
        heights = np.array([100 * found[measure]["area"] for found in areas.values()])
        ends = 100 * np.array([found[measure]["interval"] for found in areas.values()]).T
        reach = np.maximum(np.abs(ends - heights), 0)
        axes.bar(places, heights, wide * 0.9, color=colours[number], label=measure)
        axes.errorbar(places, heights, reach, fmt="none", ecolor="#222222", capsize=2, lw=0.8)
    axes.axhline(0, color=GREY, lw=0.8)
    axes.set_xticks(range(len(areas)), list(areas))
    axes.set_ylabel("LeRHF - MoRHF [points]")
    axes.grid(axis="y", alpha=0.25)
    axes.legend(fontsize=8, frameon=False, ncols=4)
    return figure
