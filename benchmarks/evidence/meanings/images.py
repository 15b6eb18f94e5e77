"""Images of two-meaning words, counted by the paper's rule, with intervals over words."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...framework.statistics import (
    Finding,
    Interval,
    finding,
    interval_of,
    percent,
    share_interval,
    spread,
)
from .methods import PLAIN, MethodsRow, Outcomes
from .words import Context

MISREAD = "misread"
OUTCOMES = ("right", "wrong", "both", "neither")
"""What an image shows: the wanted meaning alone, the other alone, both, or neither."""
COUNTED = (MISREAD, *OUTCOMES)
PAPER = 15.9 / 63.0
"""Misread with concept adjusting over misread without (HRV, section 5.1)."""
Rates = dict[str, list[float]]
"""Outcome or "misread" -> [share, low, high]."""


@dataclass(frozen=True)
class Image:
    """One image, seen from one direction; prompt: the word in its context."""

    method: str
    word: str
    desired: int
    outcome: str
    prompt: Hashable

    @property
    def misread(self) -> bool:
        """Appendices D.1 and D.2 of the HRV paper: not (the wanted meaning, and not the other)."""
        return self.outcome != "right"

    def counts(self, name: str) -> bool:
        """Whether it counts for one of `COUNTED`."""
        return self.misread if name == MISREAD else self.outcome == name


Images = list[Image]


def of_methods(rows: Iterable[MethodsRow]) -> Images:
    """Every image of the methods' rows."""
    return [
        image
        for row in rows
        for one in row["found"]
        for image in images_of(row["word"], row["context"], one)
    ]


def images_of(word: str, context: Context, found: Outcomes) -> Images:
    """Every image once, plain ones from both directions."""
    prompt = (word, *sorted(context.items()))
    return [
        Image(found["method"], word, desired, _outcome(shown, desired), prompt)
        for desired in ((0, 1) if found["method"] == PLAIN else (found["desired"],))
        for shown in found["shown"]
    ]


def _outcome(shown: str, desired: int) -> str:
    if shown in ("both", "neither"):
        return shown
    return "right" if shown == ("first", "second")[desired] else "wrong"


def chosen(images: Images, method: str) -> Images:
    """The images of one method."""
    return [image for image in images if image.method == method]


def rates_of(images: Images) -> Rates:
    """The share of everything counted, with its interval over words."""
    words, found = [image.word for image in images], Rates()
    for name in COUNTED:
        hits = [image.counts(name) for image in images]
        found[name] = [float(np.mean(hits)), *share_interval(hits, words)]
    return found


def misread_by_word(one: Images, other: Images) -> tuple[np.ndarray, np.ndarray]:
    """Misread of each word, (words,) twice, on the prompts that both have been tried on.

    ValueError if there is none.
    """
    common = {image.prompt for image in one} & {image.prompt for image in other}
    words = list(dict.fromkeys(image.word for image in one if image.prompt in common))
    if not words:
        raise ValueError("No prompt was sampled with both methods yet.")
    first, second = (
        np.array([_misread(images, common, word) for word in words]) for images in (one, other)
    )
    return first, second


def _misread(images: Images, prompts: set[Hashable], word: str) -> float:
    mine = [i.misread for i in images if i.word == word and i.prompt in prompts]
    return float(np.mean(mine))


@dataclass(frozen=True)
class Change:
    """Misread with a method against plain: difference and ratio, with intervals over words."""

    difference: float
    interval: Interval
    ratio: float
    ratio_interval: Interval

    @property
    def said(self) -> Finding:
        """As in the paper only if the ratio may be as small as the paper's."""
        low, high = self.interval
        return finding((-high, -low), as_large=self.ratio_interval[0] <= PAPER)


def change(method: Images, plain: Images) -> Change:
    """See `Change`."""
    with_it, without = misread_by_word(method, plain)
    difference, interval = paired(method, plain)

    def ratio(drawn: np.ndarray) -> float:
        return float(with_it[drawn].mean() / without[drawn].mean())

    return Change(
        difference=difference,
        interval=interval,
        ratio=ratio(np.arange(len(without))),
        ratio_interval=interval_of(ratio, len(without)),
    )


def paired(one: Images, other: Images) -> tuple[float, Interval]:
    """Misread with one method minus with the other on the same prompts, interval over words."""
    gaps = np.subtract(*misread_by_word(one, other))
    return float(gaps.mean()), interval_of(lambda drawn: float(gaps[drawn].mean()), len(gaps))


def cells(rates: Rates) -> list[str]:
    """Shares as text; misread and right with their intervals."""
    sure = [f"{percent(rates[n][0])} {spread(rates[n][1:])}" for n in COUNTED[:2]]
    return [*sure, *(percent(rates[name][0]) for name in COUNTED[2:])]


def shares_of(images: Images, names: Sequence[str]) -> list[float]:
    """The share of each of these."""
    return [float(np.mean([image.counts(name) for image in images])) for name in names]
