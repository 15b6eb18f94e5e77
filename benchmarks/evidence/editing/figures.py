"""The trade-off between editing and keeping, after figures 7 and 21 of arXiv 2412.02237."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes

from ..drawing import AMBER, BLUE, GREY, RED, panels, save, shares
from .edits import P2P, PROMPT_ONLY, WITH_HRV
from .labels import Labels
from .outcomes import ALL
from .points import Data, Point, stays

COLOURS = {PROMPT_ONLY: GREY, P2P: AMBER, WITH_HRV["voted"]: RED, WITH_HRV["measured"]: BLUE}
KEPT = {
    "weather": "kept of the object: PSNR [dB]",
    "style": "kept of the edges: PSNR [dB]",
    ALL: "nothing else changed [%]",
}
AROUND = "kept of the surroundings: PSNR [dB]"


def draw(table: Data, folder: Path) -> list[str]:
    """One panel per kind of edit; each curve runs over self-replace rates, written beside it."""
    figure, grid = panels([f"{name} edits" for name in table], 3, 3.4, 3.2)
    for number, (axes, (attribute, points)) in enumerate(zip(grid, table.items(), strict=True)):
        for name, colour in COLOURS.items():
            mine = [point for point in points if point["method"] == name]
            if not mine:
                continue
            x, y = [_kept(p, attribute) for p in mine], [100 * p["success"] for p in mine]
            low = [v - 100 * p["interval"][0] for v, p in zip(y, mine, strict=True)]
            high = [100 * p["interval"][1] - v for v, p in zip(y, mine, strict=True)]
            axes.errorbar(
                x, y, [low, high], fmt="o-", ms=4, lw=1.3, elinewidth=0.5, color=colour, label=name
            )
        front = sorted((_kept(p, attribute), 100 * p["success"]) for p in points if p["front"])
        axes.plot(*zip(*front, strict=True), ls=":", lw=1.2, color="black", label="front")
        shares(axes)
        axes.margins(x=0.12)
        axes.set_xlabel(KEPT.get(attribute, AROUND), fontsize=9)
        if number % 3 == 0:
            axes.set_ylabel("edit seen [%]", fontsize=9)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    figure.draw_without_rendering()
    for axes, (attribute, points) in zip(grid, table.items(), strict=True):
        _write_rates(axes, attribute, points)
    return [save(figure, folder, "editing.png")]


def _kept(point: Point, attribute: str) -> float:
    kept = stays(point, attribute)
    return 100 * kept if attribute == ALL else kept


def _write_rates(axes: Axes, attribute: str, points: list[Point]) -> None:
    places = [(_kept(p, attribute), 100 * p["success"]) for p in points]
    curves = [
        [at for at, p in zip(places, points, strict=True) if p["method"] == name]
        for name in COLOURS
    ]
    labels = Labels(axes, curves)
    for point, place in zip(points, places, strict=True):
        if point["rate"] is not None:
            labels.write(f"{point['rate']:g}", place, COLOURS[point["method"]])
