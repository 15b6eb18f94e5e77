"""Ordered weakening: how fast a concept goes, and what goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...framework.study import Row
from ..experiment import Evidence, Summary
from . import figures
from .orders import Orders
from .single_heads import SingleHeads
from .summary import Data, summarise


class Weakening(Evidence[Data]):
    """Figures 3, 12, 16, 17 and table 6."""

    name = "weakening"
    title = "Ordered weakening of heads"
    paper = (
        "Fig. 3, 12, 16, 17, Table 6 of 2412.02237: weakened in the order of its HRV, a concept "
        "is lost early (MoRHF) or late (LeRHF), earlier than in random orders; for Image Style "
        "the area between both curves is 9.43 (CLIP score times heads, 128 heads; our trapezoids "
        "of the scores that the authors publish)"
    )
    version = 2
    orders, single = Orders(), SingleHeads()
    studies = (orders, single)

    def summarise(self, rows: Sequence[Row]) -> Summary[Data]:
        return summarise(self.orders.rows(rows), self.single.rows(rows))

    def figures(self, data: Data, folder: Path) -> list[str]:
        return figures.draw(data, folder)
