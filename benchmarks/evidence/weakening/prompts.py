"""Prompts that name every concept, several to a batch, and what an image shows of them."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TypedDict

import numpy as np

from ....demo.backdrop import WEATHERS
from ....demo.captions import object_words
from ....demo.concepts import CONCEPTS, full_prompt
from ....demo.judge import Verdict
from ....demo.styles import STYLES
from ....demo.world import COLOURS, GROUPS, PATTERNS, SIZES, Object, Scene, group_of
from ..scenes import ATTRIBUTES, OF_THE_SCENE, SceneFields, attribute_of, read_scene, scene_fields

WEAKENED: tuple[str, ...] = (*GROUPS, *ATTRIBUTES)
"""The concepts that are weakened."""
EACH = 2
"""Prompts of every group in a batch."""
Seen = dict[str, list[str]]
"""Concept -> its values that an image shows."""


class Asked(TypedDict):
    """A prompt, its scene, and the seed of its image."""

    prompt: str
    scene: SceneFields
    seed: int


class Named(TypedDict):
    """What a prompt names: concept -> value; unseen: the concepts for which its word is none of
    the concept-words."""

    prompt: str
    wanted: dict[str, str]
    unseen: list[str]


def batch(number: int, seed: int) -> list[Asked]:
    """The prompts of one batch: every group equally often, values dealt out evenly.

    Things of batches with even numbers are concept-words, those of the others are not, where the
    world has such.
    """
    rng, kinds = np.random.default_rng([seed, number]), list[str]()
    for group in GROUPS:
        known = kinds_of(group, unseen=False)
        listed = (kinds_of(group, unseen=True) or known) if number % 2 else known
        start = EACH * (number // 2)
        kinds += [listed[(start + again) % len(listed)] for again in range(EACH)]
    values = (tuple(COLOURS), PATTERNS, tuple(SIZES), WEATHERS, tuple(STYLES))
    dealt = zip(kinds, *(_dealt(rng, one, len(kinds)) for one in values), strict=True)
    asked = list[Asked]()
    for place, (kind, colour, pattern, size, weather, style) in enumerate(dealt):
        scene = Scene((Object(kind, colour, pattern, size),), weather, style)
        own = seed + 100 * number + place
        asked.append({"prompt": full_prompt(scene), "scene": scene_fields(scene), "seed": own})
    return asked


def kinds_of(group: str, unseen: bool) -> list[str]:
    """The kinds of a group whose words are among its concept-words, or are not."""
    return [k for k in GROUPS[group] if (object_words(k) not in CONCEPTS[group]) is unseen]


def named(asked: Asked) -> Named:
    """What a prompt names."""
    scene = read_scene(asked["scene"])
    kind = scene.objects[0].kind
    group = group_of(kind)
    wanted = {concept: attribute_of(scene, name) for concept, name in ATTRIBUTES.items()}
    words = {group: object_words(kind), **wanted}
    unseen = [concept for concept, word in words.items() if word not in CONCEPTS[concept]]
    return {"prompt": asked["prompt"], "wanted": {group: group, **wanted}, "unseen": unseen}


def seen(verdict: Verdict) -> Seen:
    """What an image shows; colour, pattern and size belong to its object and go with it."""
    there = bool(verdict.objects)
    found = {group: [group] * verdict.shows(group) for group in GROUPS}
    for concept, name in ATTRIBUTES.items():
        whole = name in OF_THE_SCENE
        found[concept] = [str(getattr(verdict, name))] if whole or there else []
    return found


def _dealt(rng: np.random.Generator, values: tuple[str, ...], count: int) -> list[str]:
    """`count` values, each about equally often, in random order."""
    each = islice(cycle(rng.permutation(values)), count)
    return [str(value) for value in rng.permutation(list(each))]
