"""What a concept added to the set changes in the HRVs of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ...framework.statistics import Interval, interval_of
from ..voting import cosine, hrvs
from .sets import VotesRow

Added = TypedDict(
    "Added",
    {
        "rows": dict[str, list[float]],
        "mean": float,
        "interval": Interval,
        "less than rerun": Interval,
        "rerun": list[float],
    },
)
"""rows: by concept, mean and lowest cosine of the old ones; rerun: the same for a set that does
not change, from other prompts and noise; interval: 95% of the mean, concepts drawn; less than
rerun: of how much lower that is than the same concepts' cosine in the rerun."""


def new_concept(rows: Sequence[VotesRow]) -> Added | None:
    """Cosine of the old concepts' HRVs before and after one more is put in; None if not run."""
    sets = {row["kind"]: row for row in rows if row["kind"] in ("all", "rerun")}
    if not {"all", "rerun"} <= sets.keys():
        return None
    every, rerun = _by_concept(sets["all"]), _by_concept(sets["rerun"])
    still = {name: float(cosine(every[name], rerun[name])) for name in every}
    found: dict[str, list[float]] = {}
    less: list[float] = []
    for row in (row for row in rows if row["kind"] == "without"):
        before = _by_concept(row)
        kept = [float(cosine(before[name], every[name])) for name in before]
        found[row["without"]] = kept
        less.append(float(np.mean([still[name] for name in before]) - np.mean(kept)))
    means = [float(np.mean(values)) for values in found.values()]
    noise = list(still.values())
    return {
        "rows": {name: [float(np.mean(v)), float(min(v))] for name, v in found.items()},
        "mean": float(np.array(means).mean()),
        "interval": _interval(means),
        "less than rerun": _interval(less),
        "rerun": [float(np.mean(noise)), float(min(noise))],
    }


def _interval(values: list[float]) -> Interval:
    """95% of the mean, concepts drawn."""
    known = np.array(values)
    return interval_of(lambda drawn: float(known[drawn].mean()), len(known))


def _by_concept(row: VotesRow) -> dict[str, np.ndarray]:
    votes = np.array(row["votes"]).sum(axis=0)  # T N H -> N H
    return dict(zip(row["concepts"], hrvs(votes), strict=True))
