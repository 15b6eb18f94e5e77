"""The demo world's concepts with their concept-words, and prompts to vote with."""

from __future__ import annotations

import numpy as np

from .backdrop import WEATHERS
from .captions import STYLE_WORDS, WEATHER_WORDS, object_words, sentence, thing_words
from .styles import STYLES
from .world import BARE, COLOURS, GROUPS, OBJECTS, PATTERNS, SIZES, Scene, random_scene

CONCEPTS: dict[str, tuple[str, ...]] = {
    **{group: tuple(k for k in kinds if k not in BARE) for group, kinds in GROUPS.items()},
    "Color": tuple(COLOURS),
    "Geometric Patterns": PATTERNS,
    "Weather Conditions": WEATHERS,
    "Image Style": tuple(STYLES),
    "Size": tuple(SIZES),
}
"""Concept -> its words. Words with two meanings are in no list."""

FULL_CONCEPTS: dict[str, tuple[str, ...]] = {
    **CONCEPTS,
    "Image Style": ("flat picture", "ink drawing"),
}
"""The same for full sentences. The text encoder knows no style word: it tells ink from flat by
the article alone, and flat from neon not at all."""
_THING = "{Size} {Color} {Geometric Patterns} {" + "|".join(GROUPS) + "}"
TEMPLATE = f"a {{Image Style}} of a {_THING} on a {{Weather Conditions}} day"
"""The world's full sentence of one thing, with a place for each concept (recipe measured)."""


def full_prompt(scene: Scene, style: bool = True, size: bool = True) -> str:
    """The scene in words that leave nothing open: things in their order, then the weather."""
    things = [
        thing_words(
            object_words(thing.kind), thing.colour, thing.pattern, thing.size if size else ""
        )
        for thing in scene.objects
    ]
    return sentence(
        things, WEATHER_WORDS[scene.weather][0], STYLE_WORDS[scene.style] if style else ""
    )


def prompts(count: int, seed: int, full: bool = True) -> list[str]:
    """Varied prompts of the demo world, of one or two objects.

    The first objects take turns, so that ``count`` prompts hold each about equally often.
    ``full`` prompts name everything; others leave some of it out.
    """
    rng = np.random.default_rng(seed)
    found: list[str] = []
    while len(found) < count:
        found += [_prompt(kind, rng, full) for kind in rng.permutation(OBJECTS)]
    return found[:count]


def _prompt(kind: str, rng: np.random.Generator, full: bool) -> str:
    scene = random_scene(rng)
    while scene.objects[0].kind != kind:
        scene = random_scene(rng)
    if full:
        return full_prompt(scene)
    keep = rng.random(4 + 2 * len(scene.objects)) < 0.5
    things = [
        thing_words(
            object_words(thing.kind),
            thing.colour if keep[4 + 2 * i] else "",
            thing.pattern if keep[5 + 2 * i] else "",
            thing.size if keep[0] else "",
        )
        for i, thing in enumerate(scene.objects)
    ]
    return sentence(
        things,
        WEATHER_WORDS[scene.weather][0] if keep[1] else "",
        STYLE_WORDS[scene.style] if keep[2] else "",
    )
