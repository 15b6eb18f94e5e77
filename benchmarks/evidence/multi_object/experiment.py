"""Two objects in a prompt: are both there, with their colours?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...framework.study import Row
from ..experiment import Evidence, Summary
from . import figures
from .objects import Objects
from .summary import summarise
from .tables import Data


class MultiObject(Evidence[Data]):
    """A&E-HRV's benchmark: "a red cat and a blue fish"."""

    name = "multi_object"
    title = "Two objects with their colours"
    version = 3
    paper = (
        "Table 2 of 2412.02237: A&E-HRV scores 2.3 to 6.3% above Attend-and-Excite by CLIP and "
        "BLIP-2 similarity, on prompts of two objects (66) and of two coloured objects (150)"
    )
    objects = Objects()
    studies = (objects,)

    def summarise(self, rows: Sequence[Row]) -> Summary[Data]:
        return summarise(self.objects.rows(rows))

    def figures(self, data: Data, folder: Path) -> list[str]:
        return figures.draw(self.name, data, folder)
