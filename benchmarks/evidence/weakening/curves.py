"""What is left of a concept and of the others, over the number of weakened heads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....hrv.rescale import WEAKENING_FACTOR as FACTOR
from ...framework.statistics import Interval, area, interval_of
from .orders import OrdersRow, SettingRow

ORDERS = ("MoRHF", "LeRHF", "random")
Curve = dict[float, np.ndarray]
"""Number of heads, or factor -> presence (2,): of the concept, and the mean of the others."""


@dataclass(frozen=True)
class Presence:
    """What one prompt shows of a concept: order -> curve over heads; factors: over factors."""

    orders: dict[str, Curve]
    factors: Curve


@dataclass(frozen=True)
class Areas:
    """Areas of each prompt, (prompts,): of the concept's presence LeRHF - MoRHF and random -
    MoRHF, and under MoRHF how much more the concept loses than the others do."""

    orders: np.ndarray
    random: np.ndarray
    others: np.ndarray


def has(row: OrdersRow, concept: str) -> bool:
    """Whether a prompt has the concept at all."""
    return concept in row["settings"][0]["shown"][0]


def presence(row: OrdersRow, concept: str) -> Presence:
    """The curves of one prompt; settings that are the same for all concepts count for each."""
    orders: dict[str, dict[float, list[list[float]]]] = {o: defaultdict(list) for o in ORDERS}
    factors: dict[float, list[list[float]]] = defaultdict(list)
    fixed = _fixed(row)
    for setting in row["settings"]:
        if setting["concept"] not in ("", concept):
            continue
        count, factor, pair = setting["count"], setting["factor"], _pair(setting, concept)
        if count in (0, row["heads"]):
            for order in ORDERS:
                orders[order][count].append(pair)
        elif factor == FACTOR:
            orders[setting["order"]][count].append(pair)
        if count == 0 or (setting["order"] == "MoRHF" and count == fixed):
            factors[1.0 if count == 0 else factor].append(pair)
    return Presence({order: _means(found) for order, found in orders.items()}, _means(factors))


def _pair(setting: SettingRow, concept: str) -> list[float]:
    shown = setting["shown"]
    others = [np.mean([v for c, v in one.items() if c != concept]) for one in shown]
    return [float(np.mean([one[concept] for one in shown])), float(np.mean(others))]


def _means(found: dict[float, list[list[float]]]) -> Curve:
    return {x: np.mean(pairs, axis=0) for x, pairs in sorted(found.items())}


def _fixed(row: OrdersRow) -> int:
    """The number of heads at which factors were compared."""
    return next((s["count"] for s in row["settings"] if s["factor"] != FACTOR), 0)


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean over prompts."""
    return {x: np.mean([curve[x] for curve in curves], axis=0) for x in curves[0]}


def areas(prompts: Sequence[Presence], heads: int) -> Areas:
    """See `Areas`; heads: of the whole model."""

    def under(prompt: Presence, order: str, which: int = 0) -> float:
        curve = prompt.orders[order]
        return area([n / heads for n in curve], [pair[which] for pair in curve.values()])

    def lost(prompt: Presence, which: int) -> float:
        return float(prompt.orders["MoRHF"][0][which]) - under(prompt, "MoRHF", which)

    return Areas(
        orders=np.array([under(p, "LeRHF") - under(p, "MoRHF") for p in prompts]),
        random=np.array([under(p, "random") - under(p, "MoRHF") for p in prompts]),
        others=np.array([lost(p, 0) - lost(p, 1) for p in prompts]),
    )


def area_interval(values: np.ndarray) -> Interval:
    """95% interval of the mean of differences of shares (prompts,)."""
    low, high = interval_of(lambda drawn: float(values[drawn].mean()), len(values))
    return max(low, -1.0), min(high, 1.0)
