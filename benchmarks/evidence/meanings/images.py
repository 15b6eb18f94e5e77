"""Images of two-meaning words by method, as the summaries count them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...framework.statistics import Interval, mean_interval, percent, share_interval, spread
from .methods import MethodsRow
from .other_hrvs import PromptOutcomes

OUTCOMES = ("wrong", "right", "both", "neither")
Rates = dict[str, list[float]]
"""Outcome -> [share, low, high]."""


@dataclass(frozen=True)
class Image:
    """One image, seen from one direction; cluster: its prompt."""

    method: str
    strength: float
    clamp: float
    word: str
    desired: int
    outcome: str
    cluster: Hashable


Images = list[Image]


def of_methods(rows: Iterable[MethodsRow]) -> Images:
    """Every image of the methods' rows."""
    return images_of(
        {"word": row["word"], "context": row["context"], **one}
        for row in rows
        for one in row["found"]
    )


def images_of(found: Iterable[PromptOutcomes]) -> Images:
    """Every image once per direction; those without one are seen from both."""
    return [
        Image(
            one["method"],
            one["strength"],
            one["clamp"],
            one["word"],
            desired,
            _outcome(shown, desired),
            (one["word"], *sorted(one["context"].items())),
        )
        for one in found
        for desired in ((0, 1) if one["method"] in ("plain", "word off") else (one["desired"],))
        for shown in one["shown"]
    ]


def _outcome(shown: str, desired: int) -> str:
    if shown in ("both", "neither"):
        return shown
    return "right" if shown == ("first", "second")[desired] else "wrong"


def chosen(images: Images, method: str, strength: float = 1.0, clamp: float = 0.0) -> Images:
    """The images of one setting."""
    wanted = (method, strength, clamp)
    return [p for p in images if (p.method, p.strength, p.clamp) == wanted]


def rates_of(images: Images) -> Rates:
    """The share of every outcome with its interval."""
    clusters = [p.cluster for p in images]
    found: Rates = {}
    for outcome in OUTCOMES:
        hits = [p.outcome == outcome for p in images]
        found[outcome] = [float(np.mean(hits)), *share_interval(hits, clusters)]
    return found


def gain(one: Images, other: Images, outcome: str) -> tuple[float, Interval]:
    """Share of an outcome in `one` minus in `other`; paired by prompt and direction.

    ValueError if no prompt has both.
    """
    pairs: dict[tuple[Hashable, int], tuple[list[bool], list[bool]]]
    pairs = defaultdict(lambda: ([], []))
    for side, images in enumerate((one, other)):
        for p in images:
            pairs[p.cluster, p.desired][side].append(p.outcome == outcome)
    both = {prompt: sides for prompt, sides in pairs.items() if all(sides)}
    if not both:
        raise ValueError("No prompt was sampled with both methods yet.")
    gains: list[float] = []
    clusters: list[Hashable] = []
    for (cluster, _), (a, b) in both.items():
        gains += [float(np.mean(a) - np.mean(b))] * len(a)  # a prompt drawn twice counts twice
        clusters += [cluster] * len(a)
    return float(np.mean(gains)), mean_interval(gains, clusters)


def cells(rates: Rates) -> list[str]:
    """Shares with their intervals, as text."""
    return [f"{percent(share)} {spread((low, high))}" for share, low, high in rates.values()]


def shares_of(images: Images, outcomes: Sequence[str]) -> list[float]:
    """The share of each of these outcomes."""
    return [float(np.mean([p.outcome == outcome for p in images])) for outcome in outcomes]
