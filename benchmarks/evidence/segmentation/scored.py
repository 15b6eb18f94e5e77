"""Scores of choices of heads, picked from the rows of all prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from ....hrv.relevance import KINDS as VECTORS
from ...framework.statistics import Interval, mean_interval
from .choices import ChoiceRow, SegmentRow
from .head_choices import ALL, CHOSEN, LEAST, MOST

MIDDLE = 0.4
"""The threshold of the paper's headline."""


class Pick(NamedTuple):
    """Which choice of heads; see `Heads`."""

    order: str
    vector: str = ""
    scope: str = ALL
    percent: int = CHOSEN


DAAM = Pick("DAAM", percent=100)


def most(vector: str, scope: str = ALL) -> Pick:
    """The most relevant heads."""
    return Pick(MOST, vector, scope)


def least(vector: str, scope: str = ALL) -> Pick:
    """The least relevant heads."""
    return Pick(LEAST, vector, scope)


def drawn(scope: str = ALL) -> Pick:
    """As many heads at random."""
    return Pick("random", "", scope)


class Scores:
    """The scores of all usable images, in order; images of one prompt stand together."""

    def __init__(self, rows: Sequence[SegmentRow]) -> None:
        self.rows = [row for row in _joined(rows) if row["found"]]
        if not self.rows:
            raise ValueError("The judge sees the prompt's object in no image; nothing to segment.")
        self.kinds = [row["kind"] for row in self.rows for _ in row["area"]]
        self.prompts = [number for number, row in enumerate(self.rows) for _ in row["area"]]
        self._by_pick = [_by_pick(row["found"]) for row in self.rows]

    @property
    def vectors(self) -> list[str]:
        """The vectors by which heads were chosen on every prompt."""
        every = [{pick.vector for pick in found if pick.vector} for found in self._by_pick]
        return [name for name in VECTORS if all(name in found for found in every)]

    @property
    def scopes(self) -> list[str]:
        """The map sizes, finest first."""
        found = (pick.scope for pick in self._by_pick[0] if pick.order == "perfect")
        return list(dict.fromkeys(found))

    @property
    def picks(self) -> list[Pick]:
        """Every choice of heads."""
        return list(self._by_pick[0])

    def heads(self, pick: Pick) -> int:
        """How many heads a choice has."""
        return self._by_pick[0][pick][0]["heads"]

    def iou(self, pick: Pick, threshold: float = MIDDLE) -> np.ndarray:
        """IoU (draws, images) at a threshold; one draw for all but random choices."""
        column = list(self.rows[0]["thresholds"]).index(threshold)
        return self._of(pick, "iou")[:, :, column]

    def ious(self, pick: Pick) -> np.ndarray:
        """IoU (draws, images, thresholds)."""
        return self._of(pick, "iou")

    def roc(self, pick: Pick) -> np.ndarray:
        """Area under the ROC curve (draws, images)."""
        return self._of(pick, "roc")

    def _of(self, pick: Pick, what: Literal["iou", "roc"]) -> np.ndarray:
        parts = [np.array([one[what] for one in found[pick]]) for found in self._by_pick]
        return np.concatenate(parts, axis=1)

    def mean(self, values: np.ndarray) -> tuple[float, Interval]:
        """Mean of values (draws, images), and its interval, kinds of objects drawn.

        Of one kind alone its prompts are drawn.
        """
        each = values.mean(axis=0)
        clusters = self.kinds if len(set(self.kinds)) > 2 else self.prompts
        return float(each.mean()), mean_interval(each.tolist(), clusters)


def _joined(rows: Sequence[SegmentRow]) -> list[SegmentRow]:
    """One row a prompt, with the choices of all vectors."""
    by_seed: dict[int, SegmentRow] = {}
    for row in rows:
        known = by_seed.get(row["seed"])
        found = [*(known["found"] if known else ()), *row["found"]]
        by_seed[row["seed"]] = {**(known or row), "found": found}
    return list(by_seed.values())


def _by_pick(found: Sequence[ChoiceRow]) -> dict[Pick, list[ChoiceRow]]:
    by_pick: dict[Pick, list[ChoiceRow]] = {}
    for one in found:
        pick = Pick(one["order"], one["vector"], one["scope"], one["percent"])
        by_pick.setdefault(pick, []).append(one)
    return by_pick
