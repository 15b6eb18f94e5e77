"""The demo world's concepts with their concept-words, and prompts to vote with."""

from __future__ import annotations

import numpy as np

from .captions import object_words, phrase
from .world import COLOURS, GROUPS, MICE, OBJECTS, PATTERNS

WEATHER_PHRASES = ("on a sunny day", "on a rainy day", "on a snowy day")

CONCEPTS: dict[str, tuple[str, ...]] = {
    **{group: tuple(k for k in kinds if k not in MICE) for group, kinds in GROUPS.items()},
    "Color": tuple(COLOURS),
    "Geometric Patterns": PATTERNS,
    "Weather Conditions": ("sunny", "rainy", "snowy"),
}
"""Concept -> its words. "mouse" has two meanings, so it is in no list."""


def prompts(count: int, seed: int, full: bool = True) -> list[str]:
    """Varied prompts of the demo world.

    Objects take turns, so that ``count`` prompts hold each about equally often. ``full``
    prompts name colour, pattern and weather; others leave some out.
    """
    rng = np.random.default_rng(seed)
    found: list[str] = []
    while len(found) < count:
        found += [_prompt(kind, rng, full) for kind in rng.permutation(OBJECTS)]
    return found[:count]


def _prompt(kind: str, rng: np.random.Generator, full: bool) -> str:
    keep = np.ones(3, bool) if full else rng.random(3) < 0.5
    parts = (
        str(words[rng.integers(len(words))]) if kept else ""
        for words, kept in zip((tuple(COLOURS), PATTERNS, WEATHER_PHRASES), keep, strict=True)
    )
    return phrase(object_words(str(kind)), *parts)
