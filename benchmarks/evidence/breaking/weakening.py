"""Weakening in the order of an HRV that may be broken: is it the concept that goes?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ....hrv.head_choice import Order, head_order
from ....hrv.rescale import weakening
from ...framework.statistics import interval_of
from ..framework import Lab, Rows

SHARES = (0.07, 0.2, 0.4)
"""Shares of the heads that are weakened."""
FACTOR = -2.0
ORDERS: tuple[Order, ...] = ("MoRHF", "LeRHF")
MEASURES = ("colours", "objects", "patterns", "weather")
"""What is looked at in a picture; parts of `demo.scoring.right`."""


def outcomes(
    lab: Lab,
    row: torch.Tensor,
    text: str,
    seeds: Sequence[int],
    see: Callable[[Any], dict[str, bool]],
) -> dict[str, Any]:
    """Order -> for each share of weakened heads, the share of pictures right in each measure.

    row: the HRV (H,); see: what is right of a verdict.
    """
    from ....nodes.steering.steering import Steering, steered

    positive = lab.prompt(text)
    found: dict[str, Any] = {}
    for order in ORDERS:
        found[order] = []
        for share in SHARES:
            r = weakening(head_order(row, order), round(share * len(row)), FACTOR)
            steering = Steering("weakened", "", r)
            model = steered(lab.model, lab.relevance, positive, steering)
            seen = lab.see(model, positive, seeds)
            marks = [see(verdict) for verdict in seen]
            found[order].append([float(np.mean([m[name] for m in marks])) for name in MEASURES])
    return found


def areas(rows: list[Rows]) -> dict[str, Any]:
    """Variant -> measure -> mean of LeRHF - MoRHF over the shares, with a 95% interval.

    Prompts are drawn for the interval, each with all its draws of a variant.
    """
    found: dict[str, Any] = {}
    for variant in dict.fromkeys(row["variant"] for row in rows):
        mine = [row for row in rows if row["variant"] == variant]
        gaps = np.array([[_gap(prompt) for prompt in row["prompts"]] for row in mine])
        by_prompt = gaps.mean(axis=0)  # draws, prompts, measures -> prompts, measures
        found[variant] = {name: _area(by_prompt[:, i]) for i, name in enumerate(MEASURES)}
    return found


def _area(gaps: np.ndarray) -> dict[str, Any]:
    """Mean of the prompts' gaps (prompts,) with its interval."""
    low, high = interval_of(lambda drawn: float(gaps[drawn].mean()), len(gaps))
    return {"area": float(gaps.mean()), "interval": [max(low, -1.0), min(high, 1.0)]}


def _gap(prompt: dict[str, Any]) -> np.ndarray:
    """Mean over the shares of least minus most relevant heads first, (measures,)."""
    return (np.array(prompt["LeRHF"]) - np.array(prompt["MoRHF"])).mean(axis=0)
