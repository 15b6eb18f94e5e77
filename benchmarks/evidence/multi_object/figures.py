"""Figures of the experiment with two objects."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from ..drawing import BLUE, GREY, RED, save
from .outcomes import BOTH, RIGHT
from .snapshots import row_of
from .tables import Data


def draw(name: str, data: Data, folder: Path) -> list[str]:
    """Shares, moves, and images."""
    return [
        save(_shares(data["shares"]), folder, f"{name}_shares.png"),
        save(_moves(data), folder, f"{name}_moves.png"),
        save(_images(data["kept"]), folder, f"{name}_pictures.png"),
    ]


def _colour(method: str) -> str:
    return RED if "voted" in method else BLUE if "measured" in method else GREY


def _shares(found: dict[str, dict[str, list[float]]]) -> Figure:
    """A row for every method, both measures side by side."""
    figure = Figure(figsize=(8.4, 1.0 + 0.34 * len(found)), layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2, sharey=True), (BOTH, RIGHT), strict=True):
        for place, (method, cells) in enumerate(reversed(found.items())):
            share, low, high = (100 * value for value in cells[measure])
            reach = [[max(share - low, 0)], [max(high - share, 0)]]
            axes.errorbar(share, place, xerr=reach, fmt="o", color=_colour(method), capsize=3, lw=1)
        axes.axvline(100 * found["plain"][measure][0], ls="--", lw=1, color=GREY)
        axes.set_yticks(range(len(found)), list(reversed(found)), fontsize=8)
        axes.set_xlim(-3, 103)
        axes.set_xlabel(f"{measure} [%]", fontsize=9)
        axes.grid(axis="x", alpha=0.25)
    return figure


def _moves(data: Data) -> Figure:
    figure = Figure(figsize=(6.6, 3.8), layout="constrained")
    axes = figure.add_subplot()
    markers = {", matched": "s", ", one map size": "^"}
    for method, far in data["path"].items():
        if method == "plain":
            axes.axhline(100 * data["shares"][method][BOTH][0], ls="--", lw=1, color=GREY)
            continue
        kind = next((m for end, m in reversed(markers.items()) if method.endswith(end)), "o")
        share = 100 * data["shares"][method][BOTH][0]
        axes.plot([far], [share], kind, color=_colour(method), ms=7, label=method)
    axes.set_xlabel("moved in all, root mean square", fontsize=9)
    axes.set_ylabel("both objects [%]", fontsize=9)
    axes.set_xlim(left=0)
    axes.set_ylim(-3, 103)
    axes.grid(alpha=0.25)
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure


def _images(kept: dict[str, dict[str, list[str]]]) -> Figure:
    methods = list(next(iter(kept.values())))
    count = len(kept) * len(methods)
    figure = Figure(figsize=(7.2, 1.22 * count + 0.3 * len(kept)), layout="constrained")
    grid = iter(figure.subplots(count, 1, squeeze=False).ravel())
    for prompt, found in kept.items():
        for number, method in enumerate(methods):
            axes = next(grid)
            axes.imshow(row_of(found[method]), interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.set_anchor("E")  # room for the name
            axes.set_ylabel(method, fontsize=8, rotation=0, ha="right", va="center")
            for side in axes.spines.values():
                side.set_visible(False)
            if number == 0:
                axes.set_title(prompt, fontsize=9, loc="left")
    return figure
