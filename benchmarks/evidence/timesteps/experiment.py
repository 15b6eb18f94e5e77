"""HRVs of timestep bins, and what a new concept changes in the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...framework.study import Row
from ..experiment import Evidence, Summary
from . import figures
from .sets import ConceptSets, DealtWords, TimestepBins
from .summary import Data, summarise

PUBLISHED = (0.90, 0.30)
"""The two means of the vectors published for SD1.4, at each of 51 steps and 34 concepts."""


class Timesteps(Evidence[Data]):
    """Do heads keep their concept while an image is denoised, and in a larger set?"""

    name = "timesteps"
    title = "HRVs over the denoising, and a concept added to the set"
    paper = (
        "Figures 10 and 47: HRVs cluster by concept, not by timestep; in the vectors published for "
        "SD1.4, mean cosine of a concept at two timesteps "
        f"{PUBLISHED[0]:.2f}, of two concepts at one timestep {PUBLISHED[1]:.2f}. Figures 48 and "
        "49: a concept added to the set"
    )
    bins, dealt, sets = TimestepBins(), DealtWords(), ConceptSets()
    studies = (bins, dealt, sets)

    def summarise(self, rows: Sequence[Row]) -> Summary[Data]:
        return summarise(self.bins.rows(rows), self.dealt.rows(rows), self.sets.rows(rows))

    def figures(self, data: Data, folder: Path) -> list[str]:
        return figures.draw(self.name, data, folder)
