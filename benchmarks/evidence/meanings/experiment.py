"""Words with two meanings: how often the wrong one is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...framework.study import Row
from ..experiment import Evidence, Summary
from . import figures
from .head_effects import HeadEffects
from .methods import Methods
from .other_hrvs import OtherHRVs
from .strengths import Strengths
from .summary import Data, summarise


class TwoMeanings(Evidence[Data]):
    """Section 5.1 and appendix G.3: misinterpretation of words."""

    name = "meanings"
    title = "Words with two meanings"
    paper = (
        "Section 5.1 of 2412.02237: concept adjusting lowers misinterpretation from 63.0% to "
        "15.9% of the images (10 prompts x 10 seeds, 36 raters)"
    )
    version = 2
    methods, strengths = Methods(), Strengths()
    others, effects = OtherHRVs(), HeadEffects()
    studies = (methods, strengths, others, effects)

    def summarise(self, rows: Sequence[Row]) -> Summary[Data]:
        return summarise(
            self.methods.rows(rows),
            self.strengths.rows(rows),
            self.others.rows(rows),
            self.effects.rows(rows),
        )

    def figures(self, data: Data, folder: Path) -> list[str]:
        return figures.draw(data, folder)
