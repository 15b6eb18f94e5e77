"""An experiment that counts: two cases whose rows are their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hrv_pack.benchmarks.evidence.experiment import DemoStudy, Evidence, Summary


class _Numbers(DemoStudy[dict[str, Any], dict[str, int]]):
    def cases(self, size: str) -> list[dict[str, Any]]:
        return [{"number": n, "seeds": [10 * n, 10 * n + 1]} for n in range(2)]

    def run(self, lab: Any, case: dict[str, Any]) -> dict[str, int]:
        return {"number": case["number"]}


class Counting(Evidence[None]):
    """Sums nothing up but lists what there is."""

    name, title, paper = "counting", "Counting | by hand", "none"
    studies = (_Numbers(),)

    def summarise(self, rows: Any) -> Summary[None]:
        numbers = [row["number"] for row in rows]
        return Summary(
            ours=str(numbers),
            sentence="Counted.",
            data=None,
            tables=[{"title": "All", "header": ["a|b"], "rows": [[str(n)] for n in numbers]}],
        )

    def figures(self, data: None, folder: Path) -> list[str]:
        return []


@pytest.fixture
def counting() -> Counting:
    """A fresh one, whose version may be raised."""
    return Counting()
