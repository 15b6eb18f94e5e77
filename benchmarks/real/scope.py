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
    """How much of an experiment is run: so many prompts of each kind, these seeds.

    weakened: shares of the heads at which weakening is looked at.
    """

    prompts: int
    seeds: tuple[int, ...]
    weakened: tuple[float, ...]


def _shares(count: int) -> tuple[float, ...]:
    return tuple(i / count for i in range(count + 1))


SIZES: dict[str, Size] = {
    "smoke": Size(1, (10,), (0.0, 0.5, 1.0)),
    "small": Size(5, (10, 20), _shares(4)),
    "paper": Size(1000, tuple(range(10, 101, 10)), _shares(13)),
}


@dataclass(frozen=True)
class Scope:
    """What cases are made from: an HRV's concepts and words, the size, the folder for the
    authors' prompts (None: a few of our own), and the folder of reference masks."""

    hrv: HeadRelevance
    size: Size
    authors: Path | None = None
    masks: Path | None = None

    def words(self, concept: str) -> list[str]:
        """The first concept-words of a concept, in small letters; none if the HRV lacks it."""
        known = dict(zip(self.hrv.concepts, self.hrv.words, strict=True))
        return [word.lower() for word in known.get(concept, ())][: self.size.prompts]


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
