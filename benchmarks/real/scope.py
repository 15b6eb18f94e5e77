"""What an experiment on a real model is made from, and the table it gives."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from ...hrv.relevance import HeadRelevance
from ..framework.statistics import mean_interval
from ..framework.study import C, Experiment, Study
from .lab import Lab

Mean = tuple[float, float, float]
"""A mean with the ends of its 95% interval."""
Columns = dict[str, dict[str, int | float | Mean | None]]
"""Line of the table -> column -> cell; None where there is nothing to tell."""
R = TypeVar("R")
"""One row; every case gives several."""


@dataclass(frozen=True)
class Size:
    """How much of an experiment is run, at most: prompts of each kind, seeds of each prompt.

    points: numbers of heads at which weakening is looked at.
    """

    prompts: int
    seeds: int
    points: int


SIZES: dict[str, Size] = {
    "smoke": Size(1, 1, 3),
    "small": Size(5, 2, 5),
    "paper": Size(1000, 1000, 1000),
}


def some(listed: Sequence[int], count: int) -> list[int]:
    """At most `count` of the list, evenly spread, its ends among them."""
    if count >= len(listed):
        return list(listed)
    return [listed[round(i * (len(listed) - 1) / (count - 1))] for i in range(count)]


@dataclass(frozen=True)
class Scope:
    """What cases are made from: an HRV, the size, the folder for the authors' prompts (None: a few
    of our own), and the folder of reference masks."""

    hrv: HeadRelevance
    size: Size
    authors: Path | None = None
    masks: Path | None = None


RealStudy = Study[Scope, Lab, C, list[R]]
"""A study on a checkpoint; each case gives several rows."""


class RealExperiment(Experiment[Scope, Lab, Columns], Generic[R]):
    """An experiment of the papers on a checkpoint."""

    def summarise(self, rows: Sequence[list[R]]) -> Columns:
        return self.table([row for found in rows for row in found])

    @abstractmethod
    def table(self, rows: Sequence[R]) -> Columns:
        """The table of all rows."""


@dataclass(frozen=True)
class Scored:
    """One image: its line of the table, what it is drawn with for intervals, column -> value."""

    line: str
    cluster: str
    values: dict[str, float]


def given(values: dict[str, float | None]) -> dict[str, float]:
    """The columns that there is a judge for."""
    return {title: value for title, value in values.items() if value is not None}


def table_of(scored: Iterable[Scored]) -> Columns:
    """Means of every line, in the order in which lines first come."""
    lines: dict[str, list[Scored]] = {}
    for one in scored:
        lines.setdefault(one.line, []).append(one)
    return {
        line: {
            "images": len(mine),
            **{
                title: mean_of([one.values[title] for one in mine], [one.cluster for one in mine])
                for title in mine[0].values
            },
        }
        for line, mine in lines.items()
    }


def mean_of(values: Sequence[float], clusters: Sequence[str]) -> Mean:
    """Mean and its 95% interval, values of the same cluster drawn together."""
    low, high = mean_interval(values, clusters)
    return float(np.mean(values)), low, high
