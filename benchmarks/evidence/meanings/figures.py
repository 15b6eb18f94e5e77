"""Figures of the two-meaning words."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ....demo.world import MEANINGS, group_of
from ..drawing import AMBER, BLUE, GREEN, GREY, RED, panels, save, shares
from .summary import Data

COLOURS = {"wrong": RED, "right": GREEN, "both": AMBER, "neither": GREY}
BARS = {"plain": GREY, "prompt only": AMBER, "strengthen": BLUE, "adjust": RED}


def draw(data: Data, folder: Path) -> list[str]:
    """Outcomes by method, strength and clamp, words; what single heads do."""
    figures = [_methods(data, folder), _sweeps(data, folder), _words(data, folder)]
    return [*figures, *([_heads(data["effects"], folder)] if data["effects"] else [])]


def _methods(data: Data, folder: Path) -> str:
    """Stacked bars: every method and every other HRV."""
    others = {f"HRV: {n}": r for n, r in data["variants"].items()}
    bars = {**data["rates"], **others, **data["steered"]}
    figure, (axes,) = panels(["two-meaning words"], 1, 7.2, 1.2 + 0.32 * len(bars))
    start = np.zeros(len(bars))
    for outcome, colour in COLOURS.items():
        wide = 100 * np.array([rates[outcome][0] for rates in bars.values()])
        axes.barh(list(bars), wide, left=start, color=colour, label=f"{outcome}", height=0.7)
        for y, (x, w) in enumerate(zip(start, wide, strict=True)):
            if w >= 6:
                axes.text(x + w / 2, y, f"{w:.0f}", ha="center", va="center", fontsize=8, c="white")
        start = start + wide
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="images [%]")
    figure.legend(loc="outside upper center", ncols=4, fontsize=9)
    axes.set_title("")
    return save(figure, folder, "meanings.png")


def _sweeps(data: Data, folder: Path) -> str:
    figure, grid = panels(list(data["sweep"]), 3, 3.2, 2.8)
    for axes, (name, curve) in zip(grid, data["sweep"].items(), strict=True):
        points = np.array(curve)
        for column, outcome in enumerate(("wrong", "right", "neither"), start=1):
            colour = COLOURS[outcome]
            axes.plot(points[:, 0], 100 * points[:, column], "o-", ms=4, color=colour)
            axes.axhline(100 * data["rates"]["plain"][outcome][0], ls=":", lw=1, color=colour)
        shares(axes)
        axes.set_xlabel(name.split(", ")[1], fontsize=9)
    for outcome in ("wrong", "right", "neither"):
        grid[0].plot([], [], "o-", color=COLOURS[outcome], label=outcome)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    grid[0].set_ylabel("images [%]", fontsize=9)
    return save(figure, folder, "meanings-sweep.png")


def _words(data: Data, folder: Path) -> str:
    """Grouped bars of the wrong meaning."""
    names = list(data["words"])
    figure, (axes,) = panels([""], 1, 9, 3.2)
    for number, (method, colour) in enumerate(BARS.items()):
        rates = np.array([data["words"][name][method]["wrong"] for name in names])
        x = np.arange(len(names)) + 0.2 * (number - 1.5)
        reach = np.clip(np.abs(rates[:, 1:] - rates[:, :1]).T, 0, None)
        axes.bar(x, 100 * rates[:, 0], 0.18, color=colour, label=method)
        axes.errorbar(x, 100 * rates[:, 0], 100 * reach, fmt="none", ecolor="black", elinewidth=0.7)
    axes.set_xticks(range(len(names)), [_wanted(name) for name in names], fontsize=8)
    axes.set_ylabel("wrong meaning [%]", fontsize=9)
    shares(axes)
    figure.legend(loc="outside upper center", ncols=4, fontsize=9)
    return save(figure, folder, "meanings-words.png")


def _heads(effects: dict[str, list[list[float]]], folder: Path) -> str:
    """One panel per word, one point per head."""
    figure, grid = panels([f"“{word}”" for word in effects], 4, 2.9, 2.9)
    for axes, (word, (votes, measured)) in zip(grid, effects.items(), strict=True):
        axes.scatter(votes, measured, s=14, color=BLUE, alpha=0.6, linewidths=0)
        axes.axhline(0, lw=0.7, color=GREY)
        axes.axvline(0, lw=0.7, color=GREY)
        axes.set_xlabel(f"HRV: {_for(word, 1)} − {_for(word, 0)}", fontsize=8)
    grid[0].set_ylabel("effect on log odds", fontsize=9)
    return save(figure, folder, "meanings-heads.png")


def _for(word: str, meaning: int) -> str:
    return group_of(MEANINGS[word][meaning])


def _wanted(name: str) -> str:
    """ "mouse 1" -> mouse, wanted: computer mouse."""
    word, desired = name.rsplit(" ", 1)
    return f"“{word}” as\n{MEANINGS[word][int(desired)]}"
