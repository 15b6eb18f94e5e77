"""Pictures of two-meaning words by method, as the summaries count them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from ...framework.statistics import Interval, mean_interval, percent, share_interval, spread
from ..framework import Rows

OUTCOMES = ("wrong", "right", "both", "neither")
Pictures = list[dict[str, Any]]
"""One entry per picture and direction: "outcome", "cluster" (the prompt), and the setting."""


def pictures_of(row: Rows) -> Pictures:
    """Every picture once per direction; those without one are seen from both."""
    found: Pictures = []
    for setting in row["found"]:
        word = setting.get("word") or row["word"]
        once = setting["method"] in ("plain", "word off")
        for desired in (0, 1) if once else (setting["desired"],):
            cluster = f"{word}, {row.get('context', setting.get('context', ''))}"
            for shown in setting["shown"]:
                found.append(
                    {
                        **{k: setting[k] for k in ("method", "strength", "clamp")},
                        "word": word,
                        "desired": desired,
                        "outcome": _outcome(shown, desired),
                        "cluster": cluster,
                    }
                )
    return found


def _outcome(shown: str, desired: int) -> str:
    if shown in ("both", "neither"):
        return shown
    return "right" if shown == ("first", "second")[desired] else "wrong"


def chosen(pictures: Pictures, method: str, strength: float = 1.0, clamp: float = 0.0) -> Pictures:
    """The pictures of one setting."""
    wanted = (method, strength, clamp)
    return [p for p in pictures if (p["method"], p["strength"], p["clamp"]) == wanted]


def rates_of(pictures: Pictures) -> dict[str, list[float]]:
    """Outcome -> [share, low, high]."""
    clusters = [p["cluster"] for p in pictures]
    found = {}
    for outcome in OUTCOMES:
        hits = [p["outcome"] == outcome for p in pictures]
        found[outcome] = [float(np.mean(hits)), *share_interval(hits, clusters)]
    return found


def gain(one: Pictures, other: Pictures, outcome: str) -> tuple[float, Interval]:
    """Share of an outcome in `one` minus in `other`; paired by prompt and direction.

    ValueError if no prompt has both.
    """
    parts: dict[Any, list[list[bool]]] = defaultdict(lambda: [[], []])
    for side, pictures in enumerate((one, other)):
        for p in pictures:
            parts[p["cluster"], p["desired"]][side].append(p["outcome"] == outcome)
    both = {part: sides for part, sides in parts.items() if all(sides)}
    if not both:
        raise ValueError("No prompt was sampled with both methods yet.")
    gains, clusters = [], []
    for (cluster, _), (a, b) in both.items():
        gains += [float(np.mean(a) - np.mean(b))] * len(a)  # a prompt drawn twice counts twice
        clusters += [cluster] * len(a)
    return float(np.mean(gains)), mean_interval(gains, clusters)


def cells(rates: dict[str, list[float]]) -> list[str]:
    """Shares with their intervals, as text."""
    return [f"{percent(share)} {spread((low, high))}" for share, low, high in rates.values()]
