"""Prompts of the world that name everything, for tests, votes and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .captions import clear_name, sentence, thing_words
from .scenes import Object, Scene, random_scene
from .words import MEANINGS, NAMES

PARTS = ("objects", "colours", "patterns", "materials", "sizes", "weather", "style")


def name_of(kind: str) -> str:
    """The clearest name of a kind: its own, or for an apple or kiwi the name for its meaning."""
    clear = [names[kind] for names in MEANINGS.values() if kind in names]
    return clear_name(kind) if kind in NAMES[kind] or not clear else clear[0]


def full_thing(thing: Object, size: bool = True) -> str:
    """A thing with all its looks in words."""
    looks = {"colour": thing.colour, "pattern": thing.pattern, "material": thing.material}
    return thing_words(name_of(thing.kind), looks | ({"size": thing.size} if size else {}))


def full_prompt(scene: Scene, style: bool = True, size: bool = True) -> str:
    """The scene in words that leave nothing open: things in their order, weather, style."""
    things = [full_thing(thing, size) for thing in scene.objects]
    return sentence(things, scene.weather, scene.style if style else "")


@dataclass(frozen=True)
class Goal:
    """A prompt and the scene that the picture must show; places and seed do not matter."""

    prompt: str
    scene: Scene


def goals(count: int, seed: int, things: int) -> list[Goal]:
    """Prompts that name everything, of scenes with this many things (1 or 2)."""
    rng = np.random.default_rng([seed, things])
    found = [random_scene(rng, things) for _ in range(count)]
    return [Goal(full_prompt(scene), scene) for scene in found]


def right(scene: Scene, verdict: Any) -> dict[str, bool]:
    """For each of `PARTS`: whether the judge's verdict agrees for every thing of the scene.

    A thing is looked for by its kind, wherever it stands; without it its looks count as wrong.
    """
    seen = [(thing, verdict.find(thing.kind)) for thing in scene.objects]
    complete = all(found is not None for _, found in seen)

    def agree(name: str) -> bool:
        return complete and all(getattr(thing, name) == getattr(f, name) for thing, f in seen)

    return {
        "objects": complete,
        "colours": agree("colour"),
        "patterns": agree("pattern"),
        "materials": agree("material"),
        "sizes": agree("size"),
        "weather": verdict.weather == scene.weather,
        "style": verdict.style == scene.style,
    }


def shares(asked: Sequence[Goal], verdicts: Sequence[Any]) -> dict[str, float]:
    """Share of pictures that are right, for each of `PARTS` and for everything together."""
    marks = [right(goal.scene, v) for goal, v in zip(asked, verdicts, strict=True)]
    found = {part: sum(mark[part] for mark in marks) / len(marks) for part in PARTS}
    return found | {"everything": sum(all(mark.values()) for mark in marks) / len(marks)}
