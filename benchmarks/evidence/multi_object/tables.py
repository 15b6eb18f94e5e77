"""Tables of the experiment with two objects, and what its figures are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ...framework.statistics import percent, spread
from ..experiment import Table
from .objects import EXCITE, ObjectsRow
from .outcomes import BOTH, MEASURES, RIGHT, Outcomes

SHOWN = 2
"""So many of the hardest prompts are shown as images."""


class Data(TypedDict):
    """Method -> measure -> [share, low, high]; method -> how far it moved the latent; kept: prompt
    -> method -> images as text."""

    shares: dict[str, dict[str, list[float]]]
    path: dict[str, float]
    kept: dict[str, dict[str, list[str]]]


def data(found: Outcomes, hard: Sequence[ObjectsRow]) -> Data:
    """See `Data`."""
    shares: dict[str, dict[str, list[float]]] = {}
    for method in found.methods:
        told = {measure: found.share(method, measure) for measure in (BOTH, RIGHT)}
        shares[method] = {name: [one.mean, *one.interval] for name, one in told.items()}
    hardest = sorted(hard, key=lambda row: -row["missed"])[:SHOWN]
    return {
        "shares": shares,
        "path": {method: found.path(method) for method in found.methods},
        "kept": {
            row["prompt"]: {name: one["kept"] for name, one in row["methods"].items()}
            for row in hardest
        },
    }


def shares(found: Outcomes, title: str) -> Table:
    """Every method's shares."""
    lines = []
    for method in found.methods:
        told = [found.share(method, measure) for measure in MEASURES]
        lines.append([method, *(f"{percent(s.mean)} {spread(s.interval)}" for s in told)])
    return {"title": title, "header": ["method", *MEASURES], "rows": lines}


def gains(found: Outcomes, title: str) -> Table:
    """Every method against plain sampling and against A&E."""
    lines = []
    for than in ("plain", EXCITE.name):
        for method in found.methods[found.methods.index(than) + 1 :]:
            told = [found.gain(method, than, measure).told for measure in MEASURES]
            lines.append([f"{method} over {than}", *told])
    return {"title": title, "header": ["", *MEASURES], "rows": lines}


def rescues(found: Outcomes) -> Table:
    """What becomes of images that plain sampling gets wrong, and of those that it gets right."""
    lines = []
    plain = found.values("plain", BOTH) > 0
    for method in found.methods[1:]:
        cells = [method]
        for among, sign in ((~plain, 1), (plain, -1)):
            if not among.any():
                cells.append("none")
                continue
            gain = found.gain(method, "plain", BOTH, among)
            ends = sorted((sign * gain.interval[0], sign * gain.interval[1]))
            inside = np.clip(ends, 0, 1) + 0.0  # no share is minus zero
            cells.append(f"{percent(sign * gain.mean + 0.0)} {spread(inside.tolist())}")
        lines.append(cells)
    counts = [f"{int(among.sum())} images" for among in (~plain, plain)]
    return {
        "title": "Rescue and damage, both objects, all prompts that were excited",
        "header": [
            "method",
            f"rescued, of {counts[0]} where plain misses one",
            f"damaged, of {counts[1]} where plain has both",
        ],
        "rows": lines,
    }
