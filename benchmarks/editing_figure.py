"""The trade-off between editing and keeping, drawn as figure 21 of arXiv 2412.02237 draws it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

COLOURS = {"prompt only": "#777777", "P2P": "#1f6fb4", "P2P-HRV": "#d1495b"}


def trade_off(table: dict[str, Any], path: Path) -> None:
    """One panel per kind of edit; each curve runs over self-replace rates, written beside it."""
    figure = Figure(figsize=(4.2 * len(table), 4.2), layout="constrained")
    for number, (attribute, points) in enumerate(table.items()):
        axes = figure.add_subplot(1, len(table), number + 1)
        for name, colour in COLOURS.items():
            mine = [point for point in points if point["method"] == name]
            x = [point["psnr"] for point in mine]
            y = [100 * point["success"] for point in mine]
            spread = [100 * point["interval"] for point in mine]
            axes.errorbar(x, y, spread, fmt="o-", ms=4, lw=1.2, capsize=2, color=colour, label=name)
            for point, at in zip(mine, zip(x, y, strict=True), strict=True):
                if point["rate"] is not None:
                    axes.annotate(
                        f"{point['rate']:g}",
                        at,
                        xytext=(4, 4),
                        textcoords="offset points",
                        fontsize=7,
                        color=colour,
                    )
        kept = {"weather": "the object", "all": "what must stay"}.get(attribute, "the surroundings")
        axes.set(title=attribute, xlabel=f"PSNR of {kept} [dB]", ylim=(-3, 103))
        axes.grid(alpha=0.3)
        if number == 0:
            axes.set_ylabel("the judge sees the edit [%]")
            axes.legend(fontsize=8)
    FigureCanvasAgg(figure).print_png(path)
