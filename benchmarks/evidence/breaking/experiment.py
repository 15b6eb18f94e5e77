"""What breaks HRVs: too few prompts, too broad concept-words, concepts unknown to the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...framework.study import Row
from ..experiment import Evidence, Summary
from . import figures
from .sets import ByPrompt, Compared
from .summary import Data, summarise
from .weakening import Weakened


class Breaking(Evidence[Data]):
    """Appendix H."""

    name = "breaking"
    title = "What breaks HRVs"
    paper = (
        "Appendix H: HRVs fail where the model lacks the concept (Counting, Lighting) or its "
        "words are too broad (Facial Expression); shown there by examples. Few prompts are tried "
        "here besides"
    )
    by_prompt, compared, weakened = ByPrompt(), Compared(), Weakened()
    studies = (by_prompt, compared, weakened)

    def summarise(self, rows: Sequence[Row]) -> Summary[Data]:
        return summarise(
            self.by_prompt.rows(rows), self.compared.rows(rows), self.weakened.rows(rows)
        )

    def figures(self, data: Data, folder: Path) -> list[str]:
        return figures.draw(self.name, data, folder)
