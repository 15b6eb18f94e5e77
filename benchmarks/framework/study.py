"""What an experiment is: studies whose cases are fixed in advance, and one summary of all rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

Case = Mapping[str, Any]
"""What one unit of work needs, as JSON; each study says by a TypedDict what stands in it."""
Row = Any
"""What was found in one case, as JSON: raw outcomes, nothing summed up."""

S = TypeVar("S")
"""What cases are made from: how much is wanted, and what else they depend on."""
L = TypeVar("L")
"""The lab: whatever samples and judges."""
C = TypeVar("C", bound=Mapping[str, Any])
R = TypeVar("R")
T = TypeVar("T")
"""What an experiment's rows are summed up to."""


class Study(ABC, Generic[S, L, C, R]):
    """One kind of measurement.

    tag, kinds: where cases and rows of an experiment with several studies say which kind they
    are, and the kinds of this one; "" where nothing is said.
    """

    tag: str = ""
    kinds: tuple[str, ...] = ("",)

    @abstractmethod
    def cases(self, scope: S) -> list[C]:
        """All cases, the same on every call."""

    @abstractmethod
    def run(self, lab: L, case: C) -> R:
        """Sample one case and return its raw outcomes."""

    def cost(self, case: C) -> float:
        """Seconds that the case takes on one thread, roughly, for the progress bar."""
        return 10.0

    def owns(self, record: Mapping[str, Any]) -> bool:
        """Whether a case or a row is of this study."""
        return record.get(self.tag, "") in self.kinds

    def rows(self, found: Iterable[Row]) -> list[R]:
        """The rows of this study, in order."""
        return [row for row in found if self.owns(row)]


class Experiment(ABC, Generic[S, L, T]):
    """One experiment of the papers.

    title: of its section; paper: where it stands there, and the number found there; version:
    raised whenever a study gives other rows for the same case.
    """

    name: str
    title: str
    paper: str
    version: int = 1
    studies: tuple[Study[S, L, Any, Any], ...]

    @abstractmethod
    def summarise(self, rows: Sequence[Row]) -> T:
        """Sum up the rows of all cases, in order."""

    def cases(self, scope: S) -> list[Case]:
        """All cases of all studies, the same on every call."""
        return [case for study in self.studies for case in study.cases(scope)]

    def run(self, lab: L, case: Case) -> Row:
        """The rows of one case."""
        return self._study_of(case).run(lab, case)

    def cost(self, case: Case) -> float:
        """See `Study.cost`."""
        return self._study_of(case).cost(case)

    def _study_of(self, case: Case) -> Study[S, L, Any, Any]:
        return next(study for study in self.studies if study.owns(case))
