"""HRVs of timestep bins, and what a new concept changes in the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...framework.study import Row
from ..experiment import Evidence, Summary
from . import figures
from .published import Published
from .sets import ConceptSets, DealtWords, TimestepBins
from .summary import Counted, Data, summarise


class Timesteps(Evidence[Data]):
    """Do heads keep their concept while an image is denoised, and in a larger set?"""

    name = "timesteps"
    title = "HRVs over the denoising, and a concept added to the set"
    version = 2
    paper = (
        "Figures 10 and 47 of 2412.02237: HRVs cluster by concept, not by timestep; the mean over "
        "all concepts hardly changes with the timestep. Figures 48 and 49: a concept added to the "
        "set"
    )
    bins, dealt, sets, published = TimestepBins(), DealtWords(), ConceptSets(), Published()
    studies = (bins, dealt, sets, published)

    def summarise(self, rows: Sequence[Row]) -> Summary[Data]:
        votes = Counted(self.bins.rows(rows), self.dealt.rows(rows), self.sets.rows(rows))
        return summarise(votes, next(iter(self.published.rows(rows)), None))

    def figures(self, data: Data, folder: Path) -> list[str]:
        return figures.draw(self.name, data, folder)
