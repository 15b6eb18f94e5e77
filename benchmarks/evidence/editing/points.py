"""The points of the trade-off between editing and keeping, and which of them lie on its front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ...framework.statistics import Interval, percent, share_interval, spread
from ..experiment import Table
from .edits import EditRow
from .outcomes import ALL, Numbered, of, psnr, usable

Point = TypedDict(
    "Point",
    {
        "method": str,
        "rate": float | None,
        "images": int,
        "success": float,
        "interval": Interval,
        "kept": float,
        "kept interval": Interval,
        "psnr": float,
        "front": bool,
    },
)
"""psnr: of what must stay, in dB; front: no other point is better in one respect and as good in
the other."""
Data = dict[str, list[Point]]
"""Attribute, or "all" -> the points of all methods."""


def points(rows: Sequence[EditRow], attribute: str) -> list[Point]:
    """All methods on one kind of edit."""
    mine = of(rows, attribute)
    found = []
    for one in mine[0]["found"] if mine else []:
        pairs = usable(mine, one["name"], one["rate"])
        if pairs:
            found.append(_point(one["name"], one["rate"], pairs))
    for point in found:
        point["front"] = not any(_beats(other, point, attribute) for other in found)
    return found


def stays(point: Point, attribute: str) -> float:
    """What is kept, as a figure's axis shows it: PSNR, or the share of images over all kinds."""
    return point["kept"] if attribute == ALL else point["psnr"]


def _beats(one: Point, other: Point, attribute: str) -> bool:
    pairs = (
        (one["success"], other["success"]),
        (stays(one, attribute), stays(other, attribute)),
    )
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def _point(method: str, rate: float | None, pairs: Numbered) -> Point:
    cases, images = [n for n, _ in pairs], [p for _, p in pairs]
    success, kept = [p["success"] for p in images], [p["kept"] for p in images]
    return {
        "method": method,
        "rate": rate,
        "images": len(images),
        "success": float(np.mean(success)),
        "interval": share_interval(success, cases),
        "kept": float(np.mean(kept)),
        "kept interval": share_interval(kept, cases),
        "psnr": psnr(float(np.mean([p["error"] for p in images]))),
        "front": False,
    }


def table(attribute: str, found: list[Point]) -> Table:
    """One kind of edit."""
    kept_name = {"style": "edges, PSNR", "weather": "object, PSNR"}
    lines = [
        [
            p["method"],
            "" if p["rate"] is None else f"{p['rate']:g}",
            f"{percent(p['success'])} {spread(p['interval'])}",
            f"{percent(p['kept'])} {spread(p['kept interval'])}",
            *([] if attribute == ALL else [f"{p['psnr']:.1f} dB"]),
            "yes" if p["front"] else "",
        ]
        for p in found
    ]
    header = ["method", "self-replace", "edit seen", "nothing else changed"]
    if attribute != ALL:
        header.append(kept_name.get(attribute, "surroundings, PSNR"))
    title = f"{attribute.capitalize()} edits, {found[0]['images']} images"
    return {"title": title, "header": [*header, "on the front"], "rows": lines}
