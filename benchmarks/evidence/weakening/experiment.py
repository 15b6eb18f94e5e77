"""Ordered weakening: how fast a concept goes, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ....demo.backdrop import WEATHERS
from ....demo.concepts import full_prompt
from ....demo.judge import Verdict
from ....demo.styles import STYLES
from ....demo.world import BARE, COLOURS, GROUPS, PATTERNS, SIZES, Object, Scene, group_of
from ..framework import SEEDS, Case, Experiment, Lab, Rows, Size, Summary
from . import figures as weakening_figure
from . import single_heads
from .single_heads import FACTOR
from .summary import summarise

FIRST_SEED = SEEDS["weakening"]
ATTRIBUTES = {
    "Color": "colour",
    "Geometric Patterns": "pattern",
    "Weather Conditions": "weather",
    "Image Style": "style",
    "Size": "size",
}
"""Concept -> what the judge calls it."""
KINDS = tuple(kind for kinds in GROUPS.values() for kind in kinds if kind not in BARE)
RANDOM_ORDERS = 3
FIXED = 9
"""The number of heads (a tenth) at which factors are compared."""
COUNTS: dict[Size, tuple[int, ...]] = {
    "quick": (4, 9, 18, 44),
    "full": (2, 4, 9, 13, 18, 26, 44),
}
FACTORS: dict[Size, tuple[float, ...]] = {
    "quick": (0.0, 2.0),
    "full": (-4.0, -3.0, -1.0, 0.0, 0.5, 1.5, 2.0),
}
PROMPTS: dict[Size, int] = {"quick": 12, "full": 24}
ALONE: dict[Size, int] = {"quick": 4, "full": 12}
"""Of so many prompts every head is weakened by itself too."""
PICTURES: dict[Size, int] = {"quick": 3, "full": 3}


@dataclass(frozen=True)
class Setting:
    """Weaken ``count`` heads. concept: whose heads are in order, "" for random or all heads."""

    concept: str
    order: str
    count: int
    factor: float = FACTOR
    seed: int = 0


class Weakening(Experiment):
    """Figures 3, 12, 16, 17 and table 6."""

    name = "weakening"
    title = "Ordered weakening of heads"
    paper = (
        "Fig. 3, 12, 16, 17, Table 6 of 2412.02237: weakened in the order of its HRV, a concept "
        "is lost early (MoRHF) or late (LeRHF); for Image Style the area between both curves is "
        "9.43 (CLIP score times heads, 128 heads)"
    )

    def cases(self, size: Size) -> list[Case]:
        rng = np.random.default_rng(FIRST_SEED)
        cases = []
        for number in range(PROMPTS[size]):
            scene = scene_with(rng, _turn(number))
            first = FIRST_SEED + 100 * number
            cases.append(
                {
                    "prompt": full_prompt(scene),
                    "scene": asdict(scene),
                    "seeds": list(range(first, first + PICTURES[size])),
                    "counts": COUNTS[size],
                    "factors": FACTORS[size],
                }
            )
        alone = [{k: case[k] for k in ("prompt", "scene", "seeds")} for case in cases]
        return cases + [{"part": single_heads.PART, **one} for one in alone[: ALONE[size]]]

    def run(self, lab: Lab, case: Case) -> Rows:
        scene = read_scene(case["scene"])
        if case.get("part") == single_heads.PART:
            return single_heads.run(lab, case, scene, ATTRIBUTES)
        group, heads = group_of(scene.objects[0].kind), len(lab.relevance.heads)
        prompt, found = lab.prompt(case["prompt"]), []
        for setting in settings((group, *ATTRIBUTES), case["counts"], case["factors"], heads):
            model = _weakened(lab, prompt, setting) if setting.count else lab.model
            seen = lab.see(model, prompt, case["seeds"])
            found.append({**asdict(setting), "shown": [shown(scene, v) for v in seen]})
        return {"prompt": case["prompt"], "group": group, "heads": heads, "settings": found}

    def summarise(self, rows: list[Rows]) -> Summary:
        return summarise(rows, (*GROUPS, *ATTRIBUTES))

    def figures(self, summary: Summary, folder: Path) -> list[str]:
        return weakening_figure.draw(summary["data"], folder)

    def cost(self, case: Case) -> float:
        if case.get("part") == single_heads.PART:
            return 17 * len(case["seeds"])
        settings = 15 * len(case["counts"]) + 6 * len(case["factors"]) + 2
        return settings * (0.05 + 0.1 * len(case["seeds"]))


def settings(
    concepts: Sequence[str], counts: Sequence[int], factors: Sequence[float], heads: int
) -> Iterator[Setting]:
    """All settings of a prompt. Those that are the same for every concept come once."""
    yield Setting("", "MoRHF", 0)
    yield Setting("", "MoRHF", heads)
    for count in counts:
        for concept in concepts:
            yield Setting(concept, "MoRHF", count)
            yield Setting(concept, "LeRHF", count)
        for seed in range(RANDOM_ORDERS):
            yield Setting("", "random", count, seed=seed)
    for factor in factors:
        for concept in concepts:
            yield Setting(concept, "MoRHF", FIXED, factor)


def shown(scene: Scene, verdict: Verdict) -> dict[str, bool]:
    """Which concepts of a scene with one object are still as its prompt says.

    Colour, pattern and size belong to the object and are gone where nothing is.
    """
    thing = scene.objects[0]
    there = bool(verdict.objects)
    found = {group_of(thing.kind): verdict.shows(group_of(thing.kind))}
    for concept, name in ATTRIBUTES.items():
        whole = hasattr(scene, name)
        wanted = getattr(scene if whole else thing, name)
        found[concept] = (whole or there) and getattr(verdict, name) == wanted
    return found


def _weakened(lab: Lab, prompt: Any, setting: Setting) -> Any:
    from ....nodes.steering.nodes import HRVOrderedWeaken

    concept = setting.concept or lab.relevance.concepts[0]
    chosen = (concept, setting.order, float(setting.count), "heads", setting.factor)
    made = HRVOrderedWeaken.execute(
        lab.model, lab.relevance, prompt, *chosen, order_seed=setting.seed
    )
    return made.args[0]


def _turn(number: int) -> str:
    """The kinds in turn, a new group each time."""
    groups = [[kind for kind in kinds if kind in KINDS] for kinds in GROUPS.values()]
    kinds = groups[number % len(groups)]
    return kinds[number // len(groups) % len(kinds)]


def scene_with(rng: np.random.Generator, kind: str) -> Scene:
    """A scene of one object of this kind, everything else drawn uniformly."""
    choices = (tuple(COLOURS), PATTERNS, tuple(SIZES), WEATHERS, tuple(STYLES))
    colour, pattern, size, weather, style = (str(rng.choice(values)) for values in choices)
    return Scene((Object(kind, colour, pattern, size),), weather, style)


def read_scene(fields: dict[str, Any]) -> Scene:
    """A scene from its fields as JSON."""
    things = tuple(Object(**thing) for thing in fields["objects"])
    return Scene(**{**fields, "objects": things})


EXPERIMENT = Weakening()
