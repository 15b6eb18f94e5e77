"""Figures of the timestep experiment: t-SNE, drift, and a new concept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..drawing import save
from .added import Added
from .published import PublishedRow
from .separation import Separation
from .summary import Data, Real

HUES: tuple[str, ...] = (
    "#4269d0",
    "#efb118",
    "#ff725c",
    "#6cc5b0",
    "#3ca951",
    "#ff8ab7",
    "#a463f2",
    "#97bbf5",
)
HUES += ("#9c6b4e", "#555555")


def draw(name: str, data: Data, folder: Path) -> list[str]:
    """All figures whose data is there; their file names."""
    made = []
    if data["real"]:
        made.append(save(_tsne(data["real"]), folder, f"{name}_tsne.png"))
        if data["added"] and data["added"]["rows"]:
            figure = _drift(data["real"]["separation"], data["added"])
            made.append(save(figure, folder, f"{name}_drift.png"))
        made.append(save(_means(data["real"], data["published"]), folder, f"{name}_means.png"))
    return made


def _means(real: Real, published: PublishedRow | None) -> Figure:
    """Figure 47(b): a square of cosines for the demo model, and one for the authors' vectors."""
    squares = {f"here, {len(real['separation']['means'])} parts": real["separation"]["means"]}
    if published:
        squares[f"published for SD1.4, {published['shape'][0]} steps"] = published["steps"]["means"]
    figure = Figure(figsize=(0.8 + 3.3 * len(squares), 3.5), layout="constrained")
    grid = figure.subplots(1, len(squares), squeeze=False)[0]
    lowest = min(0.9, *(float(np.min(square)) for square in squares.values()))
    for axes, (title, square) in zip(grid, squares.items(), strict=True):
        shown = axes.imshow(np.array(square), vmin=lowest, vmax=1, cmap="viridis")
        axes.set_title(title, fontsize=10)
        axes.set(xlabel="timestep", ylabel="timestep")
        axes.set(xticks=[0, len(square) - 1], yticks=[0, len(square) - 1])
        axes.set_xticklabels(["first", "last"], fontsize=8)
        axes.set_yticklabels(["first", "last"], fontsize=8)
    figure.colorbar(shown, ax=list(grid), label=f"cosine, from {lowest:g} to 1", shrink=0.85)
    return figure


def _tsne(data: Real) -> Figure:
    points = np.array(data["points"])  # T N 2
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    axes = figure.add_subplot()
    sizes = np.linspace(18, 110, len(points))
    for number, concept in enumerate(data["concepts"]):
        x, y = points[:, number].T
        colour = HUES[number % len(HUES)]
        axes.plot(x, y, "-", lw=0.6, color=colour, alpha=0.6)
        axes.scatter(x, y, s=sizes, color=colour, label=concept, edgecolor="white", lw=0.5)
    axes.set(xticks=[], yticks=[], title=f"HRVs of {len(points)} parts of the denoising")
    shown = figure.legend(loc="outside right center", fontsize=8, frameon=False)
    handles: list[Any] = shown.legend_handles
    for handle in handles:
        handle.set_sizes([50])
    return figure


def _drift(found: Separation, added: Added) -> Figure:
    figure = Figure(figsize=(9.6, 3.9), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    apart = found["apart"]
    left.plot(range(1, len(apart)), apart[1:], "o-", color=HUES[0], label="one concept")
    left.axhline(found["within"], color=HUES[2], ls="--", label="two concepts, same part")
    left.set(xlabel="parts apart", ylabel="mean cosine", ylim=(0, 1.02))
    left.legend(fontsize=8, frameon=False)
    rows = added["rows"]
    places = np.arange(len(rows))[::-1]
    means, lows = (np.array([row[i] for row in rows.values()]) for i in (0, 1))
    right.hlines(places, lows, means, color=HUES[0], lw=1)
    right.plot(means, places, "o", color=HUES[0], label="mean of the old concepts")
    right.plot(lows, places, "|", color=HUES[0], ms=9, label="lowest")
    right.axvline(added["rerun"][0], color="#555555", ls="--", label="other prompts, mean")
    right.set_yticks(places, [f"+ {name}" for name in rows], fontsize=8)
    right.set(xlabel="cosine before and after", xlim=(min(0.8, float(lows.min()) - 0.02), 1.005))
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.16), "ncols": 3}
    right.legend(fontsize=8, frameon=False, **below)
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return figure
