"""What the edits show, from their raw rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

import numpy as np

from ...framework.statistics import (
    Interval,
    mean_interval,
    percent,
    points,
    share_interval,
    spread,
    verdict,
)
from ..experiment import Summary, Table
from .edits import Edited, EditRow

PUBLISHED = {"P2P": 0.4, "P2P-HRV": 0.9}
"""Self-replace as published: arXiv 2208.01626 and 2412.02237."""
ALL = "all"
Numbered = list[tuple[int, Edited]]
"""(number of the case, outcome) of every usable image."""
Point = TypedDict(
    "Point",
    {
        "method": str,
        "rate": float | None,
        "pictures": int,
        "success": float,
        "interval": Interval,
        "kept": float,
        "kept interval": Interval,
        "psnr": float,
    },
)
"""A point of the trade-off; psnr: of what must stay, in dB."""
Data = dict[str, list[Point]]
"""Attribute, or "all" -> the points of all methods."""


def summarise(rows: Sequence[EditRow], attributes: Sequence[str]) -> Summary[Data]:
    """Success and what is kept, by kind of edit and method."""
    table = {a: _points(rows, a) for a in (*attributes, ALL)}
    table = {a: found for a, found in table.items() if found}
    if not table:
        raise ValueError("The judge sees no source image as its prompt says; nothing to edit.")
    ours = {p["method"]: p for p in table[ALL] if PUBLISHED.get(p["method"], -1) == p["rate"]}
    usable, made = _counted(rows)
    return Summary(
        ours="; ".join(
            f"{name} (self-replace {p['rate']:g}): edit seen in {percent(p['success'])} "
            f"{spread(p['interval'])}, nothing else changed in {percent(p['kept'])}"
            for name, p in ours.items()
        ),
        interval=list(ours["P2P-HRV"]["interval"]) if "P2P-HRV" in ours else None,
        sentence=_sentence(rows),
        findings=[
            _published(rows),
            *(_sentence(rows, a) for a in attributes if a in table),
            _dominance(table[ALL]),
            f"{usable} of {made} source images show what their prompt says; the others are "
            "left out.",
        ],
        tables=[_table(a, found) for a, found in table.items()],
        captions={
            "editing.png": "Success against what is kept; numbers are self-replace rates. Style "
            "changes the whole image, so what is kept of it is the edges."
        },
        data=table,
    )


def _pairs(rows: Sequence[EditRow], method: str, rate: float | None) -> Numbered:
    """The usable images of one method."""
    return [
        (number, image)
        for number, row in enumerate(rows)
        for one in row["found"]
        if (one["name"], one["rate"]) == (method, rate)
        for image in one["pictures"]
        if image is not None
    ]


def _of(rows: Sequence[EditRow], attribute: str) -> list[EditRow]:
    return [row for row in rows if attribute in (row["attribute"], ALL)]


def _points(rows: Sequence[EditRow], attribute: str) -> list[Point]:
    mine = _of(rows, attribute)
    found = []
    for one in mine[0]["found"] if mine else []:
        pairs = _pairs(mine, one["name"], one["rate"])
        if pairs:
            found.append(_point(one["name"], one["rate"], pairs))
    return found


def _point(method: str, rate: float | None, pairs: Numbered) -> Point:
    cases, images = [n for n, _ in pairs], [p for _, p in pairs]
    success, kept = [p["success"] for p in images], [p["kept"] for p in images]
    error = float(np.mean([p["error"] for p in images]))
    return {
        "method": method,
        "rate": rate,
        "pictures": len(images),
        "success": float(np.mean(success)),
        "interval": share_interval(success, cases),
        "kept": float(np.mean(kept)),
        "kept interval": share_interval(kept, cases),
        "psnr": float(-10 * np.log10(max(error, 1e-10))),
    }


def _difference(
    one: Numbered, other: Numbered, name: Literal["success", "kept"]
) -> tuple[float, Interval]:
    """Mean of `one` minus `other`, image by image; the same sources stand behind both."""
    values = [float(a[name]) - float(b[name]) for (_, a), (_, b) in zip(one, other, strict=True)]
    return float(np.mean(values)), mean_interval(values, [n for n, _ in one])


def _rates(rows: Sequence[EditRow]) -> list[float]:
    rates = [one["rate"] for one in rows[0]["found"] if one["name"] == "P2P"]
    return [rate for rate in rates if rate is not None]


def _sentence(rows: Sequence[EditRow], attribute: str = ALL) -> str:
    """P2P-HRV against P2P at equal self-replace rates."""
    mine = _of(rows, attribute)
    ours, theirs = (
        [pair for rate in _rates(mine) for pair in _pairs(mine, name, rate)]
        for name in ("P2P-HRV", "P2P")
    )
    gain, interval = _difference(ours, theirs, "success")
    kept, kept_interval = _difference(ours, theirs, "kept")
    said = {
        "yes": "As in the paper, P2P-HRV edits more often than P2P",
        "no": "That P2P-HRV edits more often than P2P is not seen here",
        "reversed": "Against the paper, P2P-HRV edits less often than P2P",
    }[verdict(interval)]
    lost = {
        "yes": "and keeps the rest more often",
        "no": "and that it keeps the rest more or less often is not seen",
        "reversed": "and keeps the rest less often",
    }[verdict(kept_interval)]
    where = "" if attribute == ALL else f"{attribute.capitalize()}: "
    text = (
        f"{said} at the same self-replace rate ({points(gain, interval)}), {lost} "
        f"({points(kept, kept_interval)})."
    )
    return where + (text[0].lower() + text[1:] if where else text)


def _published(rows: Sequence[EditRow]) -> str:
    """Each method with its published self-replace rate."""
    ours, theirs = (_pairs(rows, name, PUBLISHED[name]) for name in ("P2P-HRV", "P2P"))
    if not ours or not theirs:
        return "The published self-replace rates were not among those tried."
    gain, kept = (_difference(ours, theirs, "success"), _difference(ours, theirs, "kept"))
    return (
        f"With their published self-replace rates, 0.9 and 0.4, P2P-HRV's success is "
        f"{points(*gain)} against P2P's, and the rest is kept {points(*kept)}."
    )


def _dominance(found: list[Point]) -> str:
    """How many points of each method no point of the other equals or beats in both respects."""

    def beaten(point: Point, others: list[Point]) -> bool:
        return any(o["success"] >= point["success"] and o["kept"] >= point["kept"] for o in others)

    counts = {}
    for name, rival in (("P2P-HRV", "P2P"), ("P2P", "P2P-HRV")):
        mine = [p for p in found if p["method"] == name]
        others = [p for p in found if p["method"] in (rival, "prompt only")]
        counts[name] = (sum(not beaten(p, others) for p in mine), len(mine))
    return (
        "Points of the trade-off that no other method equals or beats in both: "
        + ", ".join(f"{name} {won} of {all_}" for name, (won, all_) in counts.items())
        + "."
    )


def _counted(rows: Sequence[EditRow]) -> tuple[int, int]:
    images = [image for row in rows for image in row["found"][0]["pictures"]]
    return sum(image is not None for image in images), len(images)


def _table(attribute: str, found: list[Point]) -> Table:
    kept_name = {"style": "edges, PSNR", "weather": "object, PSNR", ALL: "PSNR"}
    lines = [
        [
            p["method"],
            "" if p["rate"] is None else f"{p['rate']:g}",
            f"{percent(p['success'])} {spread(p['interval'])}",
            f"{percent(p['kept'])} {spread(p['kept interval'])}",
            *([] if attribute == ALL else [f"{p['psnr']:.1f} dB"]),
        ]
        for p in found
    ]
    header = ["method", "self-replace", "edit seen", "nothing else changed"]
    if attribute != ALL:
        header.append(kept_name.get(attribute, "surroundings, PSNR"))
    title = f"{attribute.capitalize()} edits, {found[0]['pictures']} images"
    return {"title": title, "header": header, "rows": lines}
