"""Editing one attribute of an image: P2P and P2P-HRV, success against what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...framework.study import Row
from ..experiment import Evidence, Summary
from . import figures
from .edits import CHOICES, Edits
from .points import Data
from .summary import summarise


class Editing(Evidence[Data]):
    """Section 5.2, figures 7 and 21."""

    name = "editing"
    version = 3
    title = "Editing: P2P-HRV"
    paper = (
        "Section 5.2, Fig. 7 and 21 of 2412.02237: P2P-HRV's CLIP similarity to five kinds of "
        "targets is 2.32 to 11.79% above the best other method, and its trade-off with what is "
        "kept lies above theirs"
    )
    edits = Edits()
    studies = (edits,)

    def summarise(self, rows: Sequence[Row]) -> Summary[Data]:
        return summarise(self.edits.rows(rows), tuple(CHOICES))

    def figures(self, data: Data, folder: Path) -> list[str]:
        return figures.draw(data, folder)
