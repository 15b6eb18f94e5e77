"""What an experiment of the evidence must give: studies on the demo model, a summary, figures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal, TypedDict, TypeVar

from ...demo.scoring import TEST_SEED
from ..framework.study import C, Experiment, R, Study
from .lab import Lab

Size = Literal["quick", "full"]
D = TypeVar("D")
"""What an experiment's figures are drawn from, as JSON."""

DemoStudy = Study[Size, Lab, C, R]
"""A study on the demo model."""

_FIRST = TEST_SEED + 13_000_000
"""Earlier seeds were looked at while the experiments were written."""
SEEDS: dict[str, int] = {
    "weakening": _FIRST + 100_000,
    "meanings": _FIRST + 200_000,
    "editing": _FIRST + 1_300_000,
    "multi_object": _FIRST + 1_400_000,
    "segmentation": _FIRST + 1_500_000,
    "timesteps": _FIRST + 600_000,
    "breaking": _FIRST + 700_000,
}
"""Experiment -> its first seed; the next 100,000 are its own."""


class TakesVectors(TypedDict, total=False):
    """A case that may take the measured vectors; vectors: their digest, where it does."""

    vectors: str


class Table(TypedDict):
    """A table of the page; all cells are text."""

    title: str
    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Summary(Generic[D]):
    """What an experiment's rows say, all of it JSON.

    ours: the figure beside the paper's, as text; interval: its 95% interval, if it has one;
    sentence: what the numbers say; findings: further such sentences; captions: figure -> text;
    data: what figures are drawn from.
    """

    ours: str
    sentence: str
    data: D
    interval: Sequence[float] | None = None
    findings: Sequence[str] = ()
    tables: Sequence[Table] = ()
    captions: dict[str, str] = field(default_factory=dict)


class Evidence(Experiment[Size, Lab, Summary[D]], Generic[D]):
    """An experiment of the papers on the demo model."""

    @abstractmethod
    def figures(self, data: D, folder: Path) -> list[str]:
        """Draw PNG figures into the folder; their file names, each starting with `name`."""
