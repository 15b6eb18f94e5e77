"""What is left of a concept, less its floor, over the number of weakened heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ....hrv.rescale import WEAKENING_FACTOR as FACTOR
from ...framework.statistics import Interval, area, interval_of
from .orders import OrdersRow
from .prompts import WEAKENED, Named, Seen

Place = tuple[int, int]
"""A prompt: the number of its batch, and its place there."""


@dataclass(frozen=True)
class Way:
    """How heads were weakened: whose order, by which vectors, how many, by what, which tokens."""

    source: str
    concept: str
    order: str
    count: int
    factor: float = FACTOR
    tokens: str = "words"


ALIKE = 1e-6
PLAIN = Way("random", "", "random", 0)


@dataclass(frozen=True)
class Outcomes:
    """All images: way -> prompt -> what its images show, several where orders were drawn.

    known: what `left` has found so far.
    """

    heads: int
    prompts: dict[Place, Named]
    seen: dict[Way, dict[Place, list[Seen]]]
    known: dict[tuple[Way, str], np.ndarray] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> dict[Place, int]:
        """Prompt -> its place in the arrays of `left`."""
        return {place: number for number, place in enumerate(self.prompts)}

    def counts(self, source: str) -> list[int]:
        """The numbers of heads that were weakened by a source, none and all left out."""
        counts = {way.count for way in self.seen if way.source == source}
        return sorted(counts - {0, self.heads})

    def left(self, way: Way, concept: str) -> np.ndarray:
        """Of each prompt that names the concept, (prompts,): 1 or 0 as its image still shows what
        it named, less how often equally weakened images show that whose prompts do not name it.

        nan where the prompt does not name the concept or was not weakened so. By the floor an
        image that shows the same whatever was asked for counts nothing.
        """
        if (way, concept) not in self.known:
            self.known[way, concept] = self._left(self.seen.get(way, {}), concept)
        return self.known[way, concept]

    def _left(self, shown: Mapping[Place, Sequence[Seen]], concept: str) -> np.ndarray:
        found = np.full(len(self.prompts), np.nan)
        values = {place: self.prompts[place]["wanted"].get(concept, "") for place in shown}
        for value in set(values.values()) - {""}:
            share = {place: _share(shown[place], concept, value) for place in shown}
            floor = [share[place] for place, other in values.items() if other != value]
            for place in (place for place, other in values.items() if other == value):
                found[self.numbers[place]] = share[place] - (np.mean(floor) if floor else 0.0)
        return found

    def curve(self, source: str, by: str, order: str, concept: str) -> np.ndarray:
        """`left` (counts + 2, prompts) with none, so many, and all heads weakened, in the order of
        `by` as `source` has it."""
        ways = [Way(source, by, order, count) for count in self.counts(source)]
        every = Way("random", "", "random", self.heads)
        return np.stack([self.left(way, concept) for way in (PLAIN, *ways, every)])

    def area(self, source: str, by: str, order: str, concept: str) -> np.ndarray:
        """Area under `curve` over the share of heads, (prompts,)."""
        shares = [0.0, *(count / self.heads for count in self.counts(source)), 1.0]
        curve = self.curve(source, by, order, concept)
        return np.array([area(shares, column) for column in curve.T])

    def lost(self, source: str, by: str, concept: str) -> np.ndarray:
        """What the concept loses on average over the counts, most relevant of `by` first."""
        curve = self.curve(source, by, "MoRHF", concept)
        found: np.ndarray = curve[0] - curve[1:-1].mean(axis=0)
        return found


def _share(images: Sequence[Seen], concept: str, value: str) -> float:
    return float(np.mean([value in image[concept] for image in images]))


def outcomes(rows: Sequence[OrdersRow]) -> Outcomes:
    """All rows together; ValueError where there are none."""
    if not rows:
        raise ValueError("No prompt is done yet.")
    prompts, seen = dict[Place, Named](), dict[Way, dict[Place, list[Seen]]]()
    for row in rows:
        for place, named in enumerate(row["prompts"]):
            prompts[row["number"], place] = named
        for one in row["settings"]:
            source = row["source"]
            way = Way(
                source, one["concept"], one["order"], one["count"], one["factor"], one["tokens"]
            )
            images = seen.setdefault(way, {})
            for place, shown in enumerate(one["seen"]):
                images.setdefault((row["number"], place), []).append(shown)
    return Outcomes(rows[0]["heads"], prompts, seen)


@dataclass(frozen=True)
class Areas:
    """Of one concept by one source, for each prompt, nan where it has it not (prompts,).

    orders: LeRHF - MoRHF; random: the mean of random orders and their reverse, - MoRHF; drawn: a
    random order reversed - the order itself, as Table 6 has it; own: what the concept loses in its
    own order, less what it loses in the other concepts'; beside: less what the others lose in its.
    """

    orders: np.ndarray
    random: np.ndarray
    drawn: np.ndarray
    own: np.ndarray
    beside: np.ndarray


def areas(found: Outcomes, source: str, concept: str) -> Areas:
    """See `Areas`."""
    most, least = (found.area(source, concept, order, concept) for order in ("MoRHF", "LeRHF"))
    forth, back = (found.area("random", "", order, concept) for order in ("random", "reversed"))
    rest = [other for other in WEAKENED if other != concept]
    others = [found.lost(source, by, concept) for by in rest]
    beside = np.stack([found.lost(source, concept, other) for other in rest])
    mine = found.lost(source, concept, concept)
    return Areas(
        orders=least - most,
        random=(forth + back) / 2 - most,
        drawn=back - forth,
        own=mine - np.mean(others, axis=0),
        beside=mine - np.where(np.isnan(mine), np.nan, known_mean(beside)),
    )


def known_mean(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is not nan; 0 where nothing is known."""
    known = ~np.isnan(values)
    total: np.ndarray = np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return total


def mean_of(values: np.ndarray) -> tuple[float, Interval]:
    """Mean over the prompts that have one, and its 95% bootstrap interval over them.

    Where all prompts are alike one without any effect joins them, because a bootstrap of equal
    values has no width.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), (-np.inf, np.inf)
    drawn_from = np.append(known, 0.0) if np.ptp(known) < ALIKE else known
    interval = interval_of(lambda drawn: float(drawn_from[drawn].mean()), len(drawn_from))
    return float(known.mean()), interval


def overall(each: Sequence[np.ndarray]) -> tuple[float, Interval]:
    """Mean over concepts of values (prompts,) each, and its interval over prompts."""
    table = np.stack(each)
    table = table[:, ~np.isnan(table).all(axis=0)]

    def mean(drawn: np.ndarray) -> float:
        chosen = table[:, drawn]
        filled = chosen[~np.isnan(chosen).all(axis=1)]
        return float(np.nanmean(filled, axis=1).mean())

    return mean(np.arange(table.shape[1])), interval_of(mean, table.shape[1])
