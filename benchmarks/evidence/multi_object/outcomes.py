"""What the images of every method show, picked from the rows of some prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ....hrv.relevance import KINDS as VECTORS
from ....hrv.relevance import Kind
from ...framework.statistics import Interval, mean_interval, points, share_interval
from .objects import Method, MethodRow, ObjectsRow

NAMED, BOTH, RIGHT = "named objects", "both objects", "both objects and both colours"
MEASURES = (NAMED, BOTH, RIGHT)


class Share(NamedTuple):
    """A share of the images with its 95% interval over prompts."""

    mean: float
    interval: Interval


class Gain(NamedTuple):
    """A difference of shares with its 95% interval over prompts."""

    mean: float
    interval: Interval

    @property
    def told(self) -> str:
        """In points."""
        return points(self.mean, self.interval)


def joined(rows: Sequence[ObjectsRow]) -> list[ObjectsRow]:
    """One row a prompt, with the methods of all vectors."""
    by_prompt: dict[str, ObjectsRow] = {}
    for row in rows:
        known = by_prompt.get(row["prompt"], row)
        methods = known["methods"] | {
            name: one for name, one in row["methods"].items() if name not in known["methods"]
        }
        by_prompt[row["prompt"]] = {**known, "methods": methods}
    return list(by_prompt.values())


class Outcomes:
    """The images of some prompts; those of one prompt stand together, in the same order."""

    def __init__(self, rows: Sequence[ObjectsRow]) -> None:
        self.rows = rows
        self.methods = [
            name
            for name in dict.fromkeys(name for row in rows for name in row["methods"])
            if all(name in row["methods"] for row in rows)
        ]
        self.prompts = [row["prompt"] for row in rows for _ in row["methods"]["plain"]["images"]]

    @property
    def vectors(self) -> list[Kind]:
        """The vectors of A&E-HRV that every prompt has."""
        return [name for name in VECTORS if Method(name).name in self.methods]

    @property
    def images(self) -> int:
        """How many each method has."""
        return len(self.prompts)

    def of(self, method: str) -> list[MethodRow]:
        """The rows of a method, prompt by prompt."""
        return [row["methods"][method] for row in self.rows]

    def values(self, method: str, measure: str) -> np.ndarray:
        """(images,) of one of `MEASURES`."""
        seen = np.array([image for row in self.of(method) for image in row["images"]], dtype=float)
        there = seen[:, :2]
        return {NAMED: there.mean(axis=1), BOTH: there.min(axis=1), RIGHT: seen.min(axis=1)}[
            measure
        ]

    def share(self, method: str, measure: str) -> Share:
        """The share of a method's images."""
        values = self.values(method, measure)
        return Share(float(values.mean()), share_interval(values.tolist(), self.prompts))

    def gain(self, better: str, than: str, measure: str, among: np.ndarray | None = None) -> Gain:
        """The difference of two methods, image by image; among (images,) bool: of those alone."""
        gains = self.values(better, measure) - self.values(than, measure)
        kept = np.ones(len(gains), dtype=bool) if among is None else among
        prompts = [name for name, keep in zip(self.prompts, kept, strict=True) if keep]
        return Gain(float(gains[kept].mean()), mean_interval(gains[kept].tolist(), prompts))

    def paths(self, method: str) -> np.ndarray:
        """(images,) how far each latent was moved."""
        return np.array([value for row in self.of(method) for value in row["path"]])

    def path(self, method: str) -> float:
        """Their mean; 0 for plain sampling."""
        paths = self.paths(method)
        return float(paths.mean()) if len(paths) else 0.0
