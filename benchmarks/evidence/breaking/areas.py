"""How far the orders of weakening lie apart, by what is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ...framework.statistics import interval_of
from .weakening import MEASURES, PromptRow, WeakenRow


class Area(TypedDict):
    """Mean of LeRHF - MoRHF over the shares of heads, with its 95% interval over prompts."""

    area: float
    interval: list[float]


Areas = dict[str, dict[str, Area]]
"""Variant -> measure -> area."""


def areas(rows: Sequence[WeakenRow]) -> Areas:
    """Prompts are drawn for the interval, each with all its draws of a variant."""
    found: Areas = {}
    for variant in dict.fromkeys(row["variant"] for row in rows):
        mine = [row for row in rows if row["variant"] == variant]
        gaps = np.array([[_gap(prompt) for prompt in row["prompts"]] for row in mine])
        by_prompt = gaps.mean(axis=0)  # draws, prompts, measures -> prompts, measures
        found[variant] = {name: _area(by_prompt[:, i]) for i, name in enumerate(MEASURES)}
    return found


def _area(gaps: np.ndarray) -> Area:
    """Mean of the prompts' gaps (prompts,) with its interval."""
    low, high = interval_of(lambda drawn: float(gaps[drawn].mean()), len(gaps))
    return {"area": float(gaps.mean()), "interval": [max(low, -1.0), min(high, 1.0)]}


def _gap(prompt: PromptRow) -> np.ndarray:
    """Mean over the shares of least minus most relevant heads first, (measures,)."""
    gap: np.ndarray = (np.array(prompt["LeRHF"]) - np.array(prompt["MoRHF"])).mean(axis=0)
    return gap
