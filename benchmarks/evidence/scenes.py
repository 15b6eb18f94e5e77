"""Scenes of one object, as cases keep them and as the judge sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TypedDict, cast

import numpy as np

from ...demo.backdrop import WEATHERS
from ...demo.captions import object_words, thing_words
from ...demo.concepts import full_prompt
from ...demo.judge import Verdict
from ...demo.styles import STYLES
from ...demo.world import BARE, COLOURS, GROUPS, PATTERNS, SIZES, Object, Scene

ATTRIBUTES: dict[str, str] = {
    "Color": "colour",
    "Geometric Patterns": "pattern",
    "Weather Conditions": "weather",
    "Image Style": "style",
    "Size": "size",
}
"""Concept -> what the judge calls it."""
OF_THE_SCENE = ("weather", "style")
"""Attributes of the whole scene; the others are its object's."""
KINDS: tuple[str, ...] = tuple(
    kind for kinds in GROUPS.values() for kind in kinds if kind not in BARE
)
"""Kinds of objects whose word has one meaning."""


class ObjectFields(TypedDict):
    """An `Object` as JSON."""

    kind: str
    colour: str
    pattern: str
    size: str
    centre: Sequence[int]


class SceneFields(TypedDict):
    """A `Scene` as JSON."""

    objects: Sequence[ObjectFields]
    weather: str
    style: str
    seed: int


def scene_with(rng: np.random.Generator, kind: str) -> Scene:
    """A scene of one object of this kind, everything else drawn uniformly."""
    choices = (tuple(COLOURS), PATTERNS, tuple(SIZES), WEATHERS, tuple(STYLES))
    colour, pattern, size, weather, style = (str(rng.choice(values)) for values in choices)
    return Scene((Object(kind, colour, pattern, size),), weather, style)


def with_size(scene: Scene, size: str) -> Scene:
    """The scene with its one object large or small."""
    return replace(scene, objects=(replace(scene.objects[0], size=size),))


def prompt_of(scene: Scene, bare: bool) -> str:
    """The scene in words that leave nothing open; bare: of its object only kind and size."""
    thing = scene.objects[0]
    return thing_words(object_words(thing.kind), size=thing.size) if bare else full_prompt(scene)


def scene_fields(scene: Scene) -> SceneFields:
    """A scene as JSON."""
    return cast(SceneFields, asdict(scene))


def read_scene(fields: SceneFields) -> Scene:
    """A scene from its fields as JSON."""
    things = tuple(
        Object(one["kind"], one["colour"], one["pattern"], one["size"], _pair(one["centre"]))
        for one in fields["objects"]
    )
    return Scene(things, fields["weather"], fields["style"], fields["seed"])


def _pair(place: Sequence[int]) -> tuple[int, int]:
    x, y = place
    return x, y


def attribute_of(scene: Scene, attribute: str) -> str:
    """What a scene of one object wants of this attribute."""
    owner = scene if attribute in OF_THE_SCENE else scene.objects[0]
    return str(getattr(owner, attribute))


def seen_scene(scene: Scene, verdict: Verdict) -> Scene:
    """The wanted scene as the judge sees it, to find the object by."""
    thing = Object(scene.objects[0].kind, verdict.colour, verdict.pattern)
    return replace(scene, objects=(thing,), weather=verdict.weather, style=verdict.style)


def just_the_object(scene: Scene, verdict: Verdict) -> bool:
    """Whether the judge sees the scene's one object and nothing else."""
    return verdict.object == scene.objects[0].kind and len(verdict.objects) == 1
