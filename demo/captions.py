"""Captions of the demo world: what a scene is called, in words."""

from __future__ import annotations

import numpy as np

from .world import MICE, Scene

WEATHER_WORDS: dict[str, tuple[str, ...]] = {
    "sunny": ("on a sunny day", "in the sun"),
    "rainy": ("on a rainy day", "in the rain"),
    "snowy": ("on a snowy day", "in the snow"),
}
FULL_SHARE = 0.5
"""Share of the captions that name every attribute."""
SINGLE_SHARE = 0.08
"""Share of the captions that are one word."""


def object_words(kind: str, bare: bool = False) -> str:
    """What the object is called; ``bare`` leaves open which kind of mouse it is."""
    if kind not in MICE:
        return kind
    if bare:
        return "mouse"
    return "mouse animal" if kind == "mouse" else kind


def phrase(words: str, colour: str = "", pattern: str = "", weather: str = "") -> str:
    """A caption from its parts; empty parts are left out."""
    thing = " ".join(part for part in (colour, pattern, words) if part)
    article = "an" if thing[0] in "aeiou" else "a"
    return " ".join(part for part in (article, thing, weather) if part)


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """A random true caption of the scene's first object; attributes may be left out."""
    thing = scene.objects[0]
    words = object_words(thing.kind, bare=rng.random() < 0.5)
    if rng.random() < SINGLE_SHARE:
        choices = (words, thing.colour, thing.pattern, scene.weather)
        return choices[rng.integers(len(choices))]
    keep = rng.random(3) < (1.0 if rng.random() < FULL_SHARE else 0.5)
    weathers = WEATHER_WORDS[scene.weather]
    return phrase(
        words,
        thing.colour if keep[0] else "",
        thing.pattern if keep[1] else "",
        weathers[int(rng.random() < 0.3)] if keep[2] else "",
    )
