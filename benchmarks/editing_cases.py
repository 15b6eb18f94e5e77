"""The edits of the editing benchmark: what is asked of the demo world, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..demo.captions import WEATHER_WORDS, object_words, phrase
from ..demo.evaluate import TEST_SEED
from ..demo.world import COLOURS, PATTERNS, WEATHERS

CHOICES: dict[str, tuple[str, ...]] = {
    "colour": tuple(COLOURS),
    "pattern": PATTERNS,
    "weather": WEATHERS,
}
"""What is edited, and its values."""
CONCEPTS = {
    "colour": "Color",
    "pattern": "Geometric Patterns",
    "weather": "Weather Conditions",
}
FIRST_SEED = TEST_SEED + 1000


@dataclass(frozen=True)
class Size:
    """How much is measured: objects, edits of each attribute of each object, self-replace rates."""

    name: str
    objects: tuple[str, ...]
    edits: int
    rates: tuple[float, ...]


QUICK = Size("quick", ("cat", "phone"), 1, (0.0, 0.4, 0.9, 1.0))
FULL = Size(
    "full",
    ("cat", "boat", "banana", "phone", "plane"),
    3,
    (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0),
)


@dataclass(frozen=True)
class Case:
    """One edit: an object's attributes, the one to change and its new value; seed of the noise."""

    kind: str
    colour: str
    pattern: str
    weather: str
    attribute: str
    wanted: str
    seed: int

    @property
    def source(self) -> str:
        """The full caption of the picture as it is."""
        return self._caption({})

    @property
    def target(self) -> str:
        """The caption with the attribute changed."""
        return self._caption({self.attribute: self.wanted})

    def _caption(self, changed: dict[str, str]) -> str:
        has = {name: str(getattr(self, name)) for name in CHOICES} | changed
        where = WEATHER_WORDS[has["weather"]][0]
        return phrase(object_words(self.kind), has["colour"], has["pattern"], where)


def cases(size: Size) -> list[Case]:
    """The edits of a size, drawn with a fixed seed; those of each attribute differ."""
    rng = np.random.default_rng(FIRST_SEED)
    found: list[Case] = []
    for attribute, values in CHOICES.items():
        for kind in size.objects:
            for before, after in _swaps(rng, values, size.edits):
                has = {name: str(rng.choice(labels)) for name, labels in CHOICES.items()}
                has[attribute] = before
                seed = FIRST_SEED + len(found)
                found.append(Case(kind, **has, attribute=attribute, wanted=after, seed=seed))
    return found


def _swaps(rng: np.random.Generator, values: tuple[str, ...], count: int) -> list[tuple[str, str]]:
    """Different pairs of different values."""
    every = [(x, y) for x in values for y in values if x != y]
    return [every[i] for i in rng.choice(len(every), count, replace=False)]
