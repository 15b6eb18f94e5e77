"""The images of every way to edit, picked from the rows of some scenes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ...framework.statistics import Interval, interval_of, mean_interval
from .edits import P2P, Edited, EditRow

ALL = "all"
Numbered = list[tuple[int, Edited]]
"""(number of the case, outcome) of every usable image."""
Curve = list[tuple[np.ndarray, np.ndarray, np.ndarray]]
"""For each rate: the cases, the errors and the successes of its images."""
LEVELS = 21
"""So many levels of the background between those that both methods reach."""


FEWEST = 3
"""Scenes of a kind of edit; fewer say nothing of how much scenes differ."""


def joined(rows: Sequence[EditRow]) -> list[EditRow]:
    """One row a scene with the methods of all vectors, of those that every scene has."""
    by_seed: dict[int, EditRow] = {}
    for row in rows:
        known = by_seed.get(row["seed"], row)
        before = [] if known is row else known["found"]
        names = {(one["name"], one["rate"]) for one in before}
        new = [one for one in row["found"] if (one["name"], one["rate"]) not in names]
        by_seed[row["seed"]] = {**known, "found": [*before, *new]}
    names_of = [{one["name"] for one in row["found"]} for row in by_seed.values()]
    every = set.intersection(*names_of) if names_of else set()
    return [
        {**row, "found": [one for one in row["found"] if one["name"] in every]}
        for row in by_seed.values()
    ]


def of(rows: Sequence[EditRow], attribute: str) -> list[EditRow]:
    """The rows of one kind of edit."""
    return [row for row in rows if attribute in (row["attribute"], ALL)]


def usable(rows: Sequence[EditRow], method: str, rate: float | None) -> Numbered:
    """The usable images of one method at one rate."""
    return [
        (number, image)
        for number, row in enumerate(rows)
        for one in row["found"]
        if (one["name"], one["rate"]) == (method, rate)
        for image in one["images"]
        if image is not None
    ]


def rates(rows: Sequence[EditRow]) -> list[float]:
    """The self-replace rates that were tried."""
    found = [one["rate"] for one in rows[0]["found"] if one["name"] == P2P]
    return [rate for rate in found if rate is not None]


def difference(
    one: Numbered, other: Numbered, name: Literal["success", "kept"]
) -> tuple[float, Interval]:
    """Mean of `one` minus `other`, image by image; the same sources stand behind both."""
    values = [float(a[name]) - float(b[name]) for (_, a), (_, b) in zip(one, other, strict=True)]
    return float(np.mean(values)), mean_interval(values, [n for n, _ in one])


def psnr(error: float) -> float:
    """In dB of a mean squared difference; at most 100."""
    return float(-10 * np.log10(max(error, 1e-10)))


def at_equal_background(
    rows: Sequence[EditRow], ours: str, theirs: str, attributes: Sequence[str]
) -> tuple[float, Interval] | None:
    """How much more often `ours` succeeds where both change what must stay equally much.

    For each kind of edit success is a line through the rates over the PSNR of what must stay; the
    difference is the mean over the levels that both reach, then over kinds. Scenes are drawn for
    the interval. Kinds with fewer than `FEWEST` usable scenes are left out; None where the two
    never reach the same level.
    """
    every = (of(rows, attribute) for attribute in attributes)
    parts = [part for part in every if _usable_scenes(part) >= FEWEST]
    curves = [(_curve(part, ours), _curve(part, theirs), len(part)) for part in parts]
    firsts = np.cumsum([0, *(len(part) for part in parts)])

    def gain(drawn: np.ndarray) -> float:
        found = []
        for first, (mine, other, count) in zip(firsts, curves, strict=False):
            inside = drawn[(drawn >= first) & (drawn < first + count)] - first
            found.append(_between(mine, other, np.bincount(inside, minlength=count)))
        known = [value for value in found if np.isfinite(value)]
        return float(np.mean(known)) if known else float("nan")

    mean = gain(np.arange(firsts[-1]))
    if not np.isfinite(mean):
        return None
    low, high = interval_of(gain, int(firsts[-1]))
    return mean, (max(low, -1.0), min(high, 1.0))


def _usable_scenes(rows: Sequence[EditRow]) -> int:
    """How many scenes have an image that can be edited."""
    return sum(any(image for image in row["found"][0]["images"]) for row in rows)


def _curve(rows: Sequence[EditRow], method: str) -> Curve:
    found = []
    for rate in rates(rows):
        pairs = usable(rows, method, rate)
        cases = np.array([number for number, _ in pairs], dtype=int)
        errors = np.array([image["error"] for _, image in pairs])
        found.append((cases, errors, np.array([image["success"] for _, image in pairs], float)))
    return found


def _between(ours: Curve, theirs: Curve, weights: np.ndarray) -> float:
    """Mean difference over the levels that both reach; weights: how often each case counts."""
    lines = [_line(curve, weights) for curve in (ours, theirs)]
    if any(line is None for line in lines):
        return float("nan")
    (x, y), (u, v) = (line for line in lines if line is not None)
    low, high = max(x[0], u[0]), min(x[-1], u[-1])
    if low > high:
        return float("nan")
    levels = np.linspace(low, high, LEVELS)
    return float((np.interp(levels, x, y) - np.interp(levels, u, v)).mean())


def _line(curve: Curve, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """(PSNR, success) of every rate by rising PSNR; None where no image counts."""
    points = []
    for cases, errors, successes in curve:
        w = weights[cases]
        if w.sum() == 0:
            return None
        points.append((psnr(float((w * errors).sum() / w.sum())), (w * successes).sum() / w.sum()))
    x, y = np.array(sorted(points)).T
    return x, y
