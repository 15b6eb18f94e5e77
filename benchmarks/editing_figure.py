"""The trade-off between editing and keeping, drawn as figure 21 of arXiv 2412.02237 draws it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

COLOURS = {"prompt only": "#777777", "P2P": "#1f6fb4", "P2P-HRV": "#d1495b"}
KEPT = {"weather": "the object", "all": "what must stay"}
APART = 2.5
"""Points between the two curves, which often share their values."""
Point = dict[str, Any]


def trade_off(table: dict[str, list[Point]], path: Path) -> None:
    """One panel per kind of edit; each curve runs over self-replace, the larger dots the more."""
    figure = Figure(figsize=(3.4 * len(table), 3.9), dpi=150, layout="constrained")
    lowest = min(p["success_interval"][0] for points in table.values() for p in points)
    for number, (attribute, points) in enumerate(table.items()):
        axes = figure.add_subplot(1, len(table), number + 1)
        for name, shift in (("prompt only", 0.0), ("P2P", -APART), ("P2P-HRV", APART)):
            _curve(figure, axes, [p for p in points if p["method"] == name], COLOURS[name], shift)
        axes.set_title(f"{attribute} ({points[0]['pictures']} pairs)", fontsize=10)
        axes.set_xlabel(f"PSNR of {KEPT.get(attribute, 'the surroundings')} [dB]")
        axes.set_ylim(max(-4.0, 100 * lowest - 8), 104)
        axes.margins(x=0.08)
        axes.grid(alpha=0.3)
        if number == 0:
            axes.set_ylabel("the judge sees the edit [%]")
        else:
            axes.set_yticklabels([])
    figure.legend(handles=_legend(table), loc="outside upper center", ncols=12, frameon=False)
    FigureCanvasAgg(figure).print_png(path)


def _curve(figure: Figure, axes: Any, points: list[Point], colour: str, shift: float) -> None:
    """Dots joined in the order of their rates, with bars of 95% both ways."""
    x, y = [p["psnr"] for p in points], [100 * p["success"] for p in points]
    moved = axes.transData + ScaledTranslation(0, shift / 72, figure.dpi_scale_trans)
    axes.plot(x, y, lw=1.2, color=colour, transform=moved)
    areas = [_area(p["rate"]) for p in points]
    axes.scatter(x, y, areas, color=colour, edgecolor="white", lw=0.5, zorder=3, transform=moved)
    for point, at, height in zip(points, x, y, strict=True):
        low, high = (100 * bound for bound in point["success_interval"])
        least, most = point["psnr_interval"]
        axes.plot([at, at], [low, high], lw=0.7, alpha=0.6, color=colour, transform=moved)
        axes.plot([least, most], [height] * 2, lw=0.7, alpha=0.35, color=colour, transform=moved)
    axes.update_datalim([(at, 100.0) for p in points for at in p["psnr_interval"]])
    axes.autoscale_view()


def _area(rate: float | None) -> float:
    """A dot's area in square points: from small at 0 to large at 1."""
    return 30.0 if rate is None else 8 + 60 * rate


def _legend(table: dict[str, list[Point]]) -> list[Line2D]:
    """The methods' colours, and what dots of different size mean."""
    rates = sorted({p["rate"] for points in table.values() for p in points} - {None})
    dots = [(name, colour, 6.0) for name, colour in COLOURS.items()]
    dots += [("      self-replace:", "none", 0.0)]
    dots += [(f"{rate:g}", "#333333", _area(rate) ** 0.5) for rate in rates]
    return [
        Line2D([], [], ls="", marker="o", color=colour, ms=size, label=name)
        for name, colour, size in dots
    ]
