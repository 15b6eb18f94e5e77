"""Whether an image shows what its prompt asked for, and the account of many such images."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from .concepts import full_prompt
from .world import Object, Scene, random_scene

PARTS = ("objects", "colours", "patterns", "sizes", "weather", "style")
TEST_SEED = 7_000_000
"""Seeds from here on are for the final figures only; nothing is ever chosen by them."""


@dataclass(frozen=True)
class Goal:
    """A prompt and the scene that the image must show; places and seed do not matter."""

    prompt: str
    scene: Scene


def goals(count: int, seed: int, things: int) -> list[Goal]:
    """Prompts that name everything, of scenes with this many objects (1 or 2)."""
    rng = np.random.default_rng([seed, things])
    found: list[Goal] = []
    while len(found) < count:
        scene = random_scene(rng)
        if len(scene.objects) == things:
            found.append(Goal(full_prompt(scene), scene))
    return found


def right(scene: Scene, verdict: Any) -> dict[str, bool]:
    """For each of `PARTS`: whether the judge's verdict agrees for every object of the scene.

    An object is looked for by its kind, wherever it stands; without it its colour, pattern and
    size count as wrong.
    """
    seen = [(thing, verdict.find(thing.kind)) for thing in scene.objects]
    here = [(thing, found) for thing, found in seen if found is not None]
    complete = len(here) == len(seen)

    def agree(name: str) -> bool:
        return complete and all(getattr(thing, name) == getattr(f, name) for thing, f in here)

    return {
        "objects": complete,
        "colours": agree("colour"),
        "patterns": agree("pattern"),
        "sizes": agree("size"),
        "weather": verdict.weather == scene.weather,
        "style": verdict.style == scene.style,
    }


def present(things: tuple[Object, ...], verdict: Any) -> int:
    """How many of these objects the judge sees."""
    return sum(verdict.find(thing.kind) is not None for thing in things)


@dataclass(frozen=True)
class Score:
    """Shares of images judged right.

    shares: number of objects -> part -> share; lost: number of wanted objects -> how many
    images showed 0, 1, ... of them; meanings: two-meaning word -> what it was drawn as.
    """

    shares: dict[int, dict[str, float]]
    shown: dict[int, Counter[int]]
    meanings: dict[str, Counter[str]]
    seconds: float
    count: int

    def table(self) -> str:
        """Shares as a Markdown table."""
        lines = [f"| prompt | {' | '.join(next(iter(self.shares.values())))} |"]
        lines.append(f"|---|{'---|' * (len(PARTS) + 1)}")
        for things, shares in self.shares.items():
            name = "one object" if things == 1 else "two objects"
            lines.append(f"| {name} | {' | '.join(f'{s:.1%}' for s in shares.values())} |")
        return "\n".join(lines)

    def words(self) -> str:
        """What bare two-meaning words became, as a Markdown table."""
        lines = ["| bare word | drawn as |", "|---|---|"]
        for word, seen in self.meanings.items():
            total = sum(seen.values())
            listed = ", ".join(f"{kind} {n / total:.0%}" for kind, n in seen.most_common(4))
            lines.append(f"| {word} | {listed} |")
        return "\n".join(lines)
