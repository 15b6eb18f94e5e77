"""Heads weakened in the order of an HRV, in reverse and at random; what is still shown then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from ....demo.concepts import full_prompt
from ....demo.judge import Verdict
from ....demo.world import GROUPS, Scene, group_of
from ....hrv.rescale import WEAKENING_FACTOR as FACTOR
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Conditioning, Lab
from ..scenes import (
    ATTRIBUTES,
    KINDS,
    OF_THE_SCENE,
    SceneFields,
    attribute_of,
    read_scene,
    scene_fields,
    scene_with,
)

FIRST_SEED = SEEDS["weakening"]
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
IMAGES = 3


class OrdersCase(TypedDict):
    """A prompt, and the numbers of heads and the factors tried with it."""

    prompt: str
    scene: SceneFields
    seeds: list[int]
    counts: Sequence[int]
    factors: Sequence[float]


class SettingRow(TypedDict):
    """What a setting leaves: of each image, whether each concept is as the prompt says."""

    concept: str
    order: str
    count: int
    factor: float
    seed: int
    shown: list[dict[str, bool]]


class OrdersRow(TypedDict):
    """All settings of a prompt; group: the concept of its object; heads: of the whole model."""

    prompt: str
    group: str
    heads: int
    settings: list[SettingRow]


@dataclass(frozen=True)
class Setting:
    """Weaken ``count`` heads. concept: whose heads are in order, "" for random or all heads."""

    concept: str
    order: str
    count: int
    factor: float = FACTOR
    seed: int = 0


class Orders(DemoStudy[OrdersCase, OrdersRow]):
    """Ordered weakening of prompts that name every attribute."""

    tag = "part"

    def cases(self, size: Size) -> list[OrdersCase]:
        rng = np.random.default_rng(FIRST_SEED)
        cases: list[OrdersCase] = []
        for number in range(PROMPTS[size]):
            scene = scene_with(rng, _next_kind(number))
            first = FIRST_SEED + 100 * number
            cases.append(
                {
                    "prompt": full_prompt(scene),
                    "scene": scene_fields(scene),
                    "seeds": list(range(first, first + IMAGES)),
                    "counts": COUNTS[size],
                    "factors": FACTORS[size],
                }
            )
        return cases

    def run(self, lab: Lab, case: OrdersCase) -> OrdersRow:
        scene = read_scene(case["scene"])
        group, heads = group_of(scene.objects[0].kind), len(lab.relevance.heads)
        prompt = lab.prompt(case["prompt"])
        found: list[SettingRow] = []
        for setting in settings((group, *ATTRIBUTES), case["counts"], case["factors"], heads):
            model = _weakened(lab, prompt, setting) if setting.count else lab.model
            seen = lab.see(model, prompt, case["seeds"])
            found.append(_row(setting, [shown(scene, verdict) for verdict in seen]))
        return {"prompt": case["prompt"], "group": group, "heads": heads, "settings": found}

    def cost(self, case: OrdersCase) -> float:
        tried = 15 * len(case["counts"]) + 6 * len(case["factors"]) + 2
        return tried * (0.05 + 0.1 * len(case["seeds"]))


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
    there, group = bool(verdict.objects), group_of(scene.objects[0].kind)
    found = {group: verdict.shows(group)}
    for concept, name in ATTRIBUTES.items():
        kept = getattr(verdict, name) == attribute_of(scene, name)
        found[concept] = (name in OF_THE_SCENE or there) and kept
    return found


def _row(setting: Setting, seen: list[dict[str, bool]]) -> SettingRow:
    return {
        "concept": setting.concept,
        "order": setting.order,
        "count": setting.count,
        "factor": setting.factor,
        "seed": setting.seed,
        "shown": seen,
    }


def _weakened(lab: Lab, prompt: Conditioning, setting: Setting) -> Any:
    from ....nodes.steering.nodes import HRVOrderedWeaken

    concept = setting.concept or lab.relevance.concepts[0]
    chosen = (concept, setting.order, float(setting.count), "heads", setting.factor)
    made = HRVOrderedWeaken.execute(
        lab.model, lab.relevance, prompt, *chosen, order_seed=setting.seed
    )
    return made.args[0]


def _next_kind(number: int) -> str:
    """Kinds of objects one after the other, a new group each time."""
    groups = [[kind for kind in kinds if kind in KINDS] for kinds in GROUPS.values()]
    kinds = groups[number % len(groups)]
    return kinds[number // len(groups) % len(kinds)]
