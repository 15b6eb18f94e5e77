"""Segmentation by attention maps: how well the heads of a concept find its object."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....demo.world import GROUPS
from ...framework.study import Row
from ..experiment import Evidence, Summary
from ..masks import finder_score
from . import figures
from .choices import Choices
from .curves import Data
from .scores import PAPER
from .summary import summarise


class Segmentation(Evidence[Data]):
    """Tables 1 to 3 of the paper of selective maps."""

    name = "segmentation"
    title = "Selective Attention Map"
    version = 5
    paper = (
        "Tables 1 to 3 of 2604.05906: mIoU at threshold 0.4 is .7540 with DAAM, .7765 with the "
        "30 most relevant of 128 heads, .6172 with the 30 least relevant (SD1.4, Animals)"
    )
    choices = Choices()
    studies = (choices,)

    def summarise(self, rows: Sequence[Row]) -> Summary[Data]:
        return summarise(self.choices.rows(rows), tuple(GROUPS), finder_score(), PAPER)

    def figures(self, data: Data, folder: Path) -> list[str]:
        return figures.draw(data, folder)
