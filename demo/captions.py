"""Captions of the demo world: what a scene is called, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .world import BARE, MEANINGS, Object, Scene

WEATHER_WORDS: dict[str, tuple[str, ...]] = {
    "sunny": ("on a sunny day", "in the sun"),
    "rainy": ("on a rainy day", "in the rain"),
    "snowy": ("on a snowy day", "in the snow"),
    "foggy": ("on a foggy day", "in the fog"),
}
STYLE_WORDS: dict[str, str] = {
    "flat": "a flat picture of",
    "ink": "an ink drawing of",
    "neon": "a neon picture of",
}
NAMES: dict[str, str] = {
    "mouse": "mouse animal",
    "beetle": "beetle insect",
    "crane": "crane bird",
    "blackberry": "blackberry fruit",
}
"""What the first meaning of a two-meaning word is called when it must be clear."""
FULL_SHARE = 0.5
"""Share of the captions that name every attribute but size and style."""
SINGLE_SHARE = 0.06
"""Share of the captions that are one word."""
BARE_SHARE = 0.5
"""How often a two-meaning word stands without what makes it clear."""
SIZE_SHARE = 0.3
STYLE_SHARE = 0.6


def object_words(kind: str, bare: bool = False) -> str:
    """What the object is called; ``bare`` leaves open which of two meanings a word has."""
    return BARE.get(kind, kind) if bare else NAMES.get(kind, kind)


def thing_words(words: str, colour: str = "", pattern: str = "", size: str = "") -> str:
    """A thing with its article; empty parts are left out."""
    thing = " ".join(part for part in (size, colour, pattern, words) if part)
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def sentence(things: Sequence[str], weather: str = "", style: str = "") -> str:
    """A caption from things with their articles, weather words and style words."""
    return " ".join(part for part in (style, " and ".join(things), weather) if part)


def phrase(words: str, colour: str = "", pattern: str = "", weather: str = "") -> str:
    """A caption of one thing from its parts; empty parts are left out."""
    return sentence([thing_words(words, colour, pattern)], weather)


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """A random true caption of the scene, from left to right; attributes may be left out."""
    if rng.random() < SINGLE_SHARE:
        return _single(scene, rng)
    share = 1.0 if rng.random() < FULL_SHARE else 0.5
    things = [_thing(thing, rng, share) for thing in scene.objects]
    weathers = WEATHER_WORDS[scene.weather]
    return sentence(
        things,
        weathers[int(rng.random() < 0.3)] if rng.random() < share else "",
        STYLE_WORDS[scene.style] if rng.random() < STYLE_SHARE else "",
    )


def _thing(thing: Object, rng: np.random.Generator, share: float) -> str:
    colour, pattern = rng.random(2) < share
    return thing_words(
        object_words(thing.kind, bare=bool(rng.random() < BARE_SHARE)),
        thing.colour if colour else "",
        thing.pattern if pattern else "",
        thing.size if rng.random() < SIZE_SHARE else "",
    )


def _single(scene: Scene, rng: np.random.Generator) -> str:
    """One word that is true of the scene."""
    thing = scene.objects[rng.integers(len(scene.objects))]
    words = object_words(thing.kind, bare=bool(rng.random() < BARE_SHARE))
    choices = (words, thing.colour, thing.pattern, scene.weather, scene.style)
    return choices[rng.integers(len(choices))]


def meanings(word: str) -> tuple[str, str]:
    """The two unambiguous names of a two-meaning word."""
    if word not in MEANINGS:
        raise ValueError(f"{word!r} has one meaning; two have {', '.join(MEANINGS)}.")
    first, second = MEANINGS[word]
    return object_words(first), object_words(second)
