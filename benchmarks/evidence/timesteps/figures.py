"""Figures of the timestep experiment: t-SNE, drift, and a new concept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

CAPTIONS = {
    "timesteps_tsne.png": "t-SNE (exact, from the principal components on) of every concept's HRV "
    "in every part of the denoising; early parts small, late parts large.",
    "timesteps_drift.png": "Left: mean cosine of a concept's HRVs by how far the parts are "
    "apart. Right: cosine of the old concepts' HRVs before and after a concept is added.",
}
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


def draw(name: str, data: dict[str, Any], folder: Path) -> list[str]:
    """All figures whose data is there; their file names."""
    made = []
    if "points" in data:
        _save(_tsne(data), folder / f"{name}_tsne.png")
        made.append(f"{name}_tsne.png")
    if "apart" in data and data["added"]["rows"]:
        _save(_drift(data), folder / f"{name}_drift.png")
        made.append(f"{name}_drift.png")
    return made


def _save(figure: Figure, path: Path) -> None:
    figure.set_dpi(110)
    FigureCanvasAgg(figure).print_png(path)


def _tsne(data: dict[str, Any]) -> Figure:
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


def _drift(data: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(9.6, 3.9), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    apart = data["apart"]
    left.plot(range(1, len(apart)), apart[1:], "o-", color=HUES[0], label="one concept")
    left.axhline(data["within"], color=HUES[2], ls="--", label="two concepts, same part")
    left.set(xlabel="parts apart", ylabel="mean cosine", ylim=(0, 1.02))
    left.legend(fontsize=8, frameon=False)
    rows = data["added"]["rows"]
    places = np.arange(len(rows))[::-1]
    means, lows = (np.array([row[i] for row in rows.values()]) for i in (0, 1))
    right.hlines(places, lows, means, color=HUES[0], lw=1)
    right.plot(means, places, "o", color=HUES[0], label="mean of the old concepts")
    right.plot(lows, places, "|", color=HUES[0], ms=9, label="lowest")
    right.axvline(data["added"]["rerun"][0], color="#555555", ls="--", label="other prompts, mean")
    right.set_yticks(places, [f"+ {name}" for name in rows], fontsize=8)
    right.set(xlabel="cosine before and after", xlim=(min(0.8, float(lows.min()) - 0.02), 1.005))
    right.legend(fontsize=8, frameon=False, loc="lower left")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return figure
