"""Figures of the two-meaning words."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ....demo.world import group_of
from ..drawing import AMBER, BLUE, GREEN, GREY, RED, panels, save, shares
from .images import MISREAD, OUTCOMES, Rates
from .summary import BY_WORD, Data
from .words import clear_words, meanings_of

COLOURS = {"right": GREEN, "wrong": RED, "both": AMBER, "neither": GREY}
LABELS = {"right": "wanted meaning", "wrong": "other meaning", "both": "both"}
PER_ROW = 8
BARS = dict(zip(BY_WORD, (GREY, AMBER, RED, BLUE), strict=True))


def draw(data: Data, folder: Path) -> list[str]:
    """Outcomes by method, by word, by strength; what single heads do."""
    made = [_methods(data["rates"], folder), _words(data["words"], folder)]
    if data["strengths"]:
        made.append(_strengths(data, folder))
    return [*made, *([_heads(data["effects"], folder)] if data["effects"] else [])]


def _methods(rates: dict[str, Rates], folder: Path) -> str:
    """Stacked bars, one for each method."""
    figure, (axes,) = panels([""], 1, 8, 1.2 + 0.36 * len(rates))
    start = np.zeros(len(rates))
    for outcome in OUTCOMES:
        wide = 100 * np.array([rate[outcome][0] for rate in rates.values()])
        colour, label = COLOURS[outcome], LABELS.get(outcome, outcome)
        axes.barh(list(rates), wide, left=start, color=colour, label=label, height=0.7)
        for y, (x, w) in enumerate(zip(start, wide, strict=True)):
            if w >= 6:
                axes.text(x + w / 2, y, f"{w:.0f}", ha="center", va="center", fontsize=8, c="white")
        start = start + wide
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="images [%]")
    figure.legend(loc="outside upper center", ncols=4, fontsize=9)
    return save(figure, folder, "meanings.png")


def _words(words: dict[str, dict[str, float]], folder: Path) -> str:
    """Grouped bars of misread images, eight groups to a row."""
    names = list(words)
    rows = [names[start : start + PER_ROW] for start in range(0, len(names), PER_ROW)]
    figure, grid = panels([""] * len(rows), 1, 10.4, 3.1)
    for axes, row in zip(grid, rows, strict=True):
        for number, (method, colour) in enumerate(BARS.items()):
            heights = [100 * words[name].get(method, np.nan) for name in row]
            places = np.arange(len(row)) + 0.2 * (number - 1.5)
            axes.bar(places, heights, 0.18, color=colour, label=method)
            for x, height in zip(places, heights, strict=True):
                if height == 0:
                    axes.text(x, 1, "0", ha="center", fontsize=7, color=colour)
        axes.set_xticks(range(len(row)), [_wanted(name) for name in row], fontsize=8)
        axes.set_xlim(-0.6, PER_ROW - 0.4)
        axes.set_ylabel("misread [%]", fontsize=9)
        shares(axes)
    handles = grid[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=4, fontsize=9)
    return save(figure, folder, "meanings-words.png")


def _strengths(data: Data, folder: Path) -> str:
    curves = data["strengths"]
    figure, grid = panels(list(curves), len(curves), 3.6, 2.9)
    for axes, curve in zip(grid, curves.values(), strict=True):
        points = np.array(curve)
        for column, (name, colour) in enumerate(
            ((MISREAD, BLUE), ("right", GREEN), ("wrong", RED)), start=1
        ):
            label = LABELS.get(name, name)
            axes.plot(points[:, 0], 100 * points[:, column], "o-", ms=4, color=colour, label=label)
            axes.axhline(100 * points[0, column], ls=":", lw=1, color=colour)
        shares(axes)
        axes.set_xlabel("strength", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    grid[0].set_ylabel("images [%]", fontsize=9)
    return save(figure, folder, "meanings-strength.png")


def _heads(effects: dict[str, list[list[float]]], folder: Path) -> str:
    """Votes above, gradients below; one point for each head."""
    count = len(effects)
    figure, grid = panels([f"“{word}”" for word in effects] + [""] * count, count, 2.9, 2.6)
    known = ("HRV: {} − {}", "HRV Measure: {} − {}")
    for number, (word, columns) in enumerate(effects.items()):
        first, second = meanings_of(word)
        names = ((group_of(second), group_of(first)), (second, first))
        for row in (0, 1):
            axes = grid[number + row * count]
            axes.scatter(columns[row], columns[2], s=14, color=BLUE, alpha=0.6, linewidths=0)
            axes.axhline(0, lw=0.7, color=GREY)
            axes.axvline(0, lw=0.7, color=GREY)
            axes.set_xlabel(known[row].format(*names[row]), fontsize=8)
    for row in (0, 1):
        grid[row * count].set_ylabel("effect on log odds", fontsize=9)
    return save(figure, folder, "meanings-heads.png")


def _wanted(name: str) -> str:
    """ "mouse 1" -> mouse, wanted: computer mouse."""
    word, desired = name.rsplit(" ", 1)
    return f"“{word}” as\n{clear_words(word, int(desired))}"
