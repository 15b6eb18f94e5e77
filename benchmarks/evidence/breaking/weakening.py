"""Weakening in the order of an HRV that may be broken: is it the concept that goes?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import torch

from ....demo.concepts import full_prompt
from ....demo.scoring import goals, right
from ....demo.world import Scene
from ....hrv.head_choice import Order, head_order
from ....hrv.rescale import WEAKENING_FACTOR, weakening
from ..experiment import DemoStudy, Size
from ..lab import Lab
from ..voting import hrvs
from .sets import COUNTED, SEED, UNKNOWN, sets, total_votes

WEAKENED: dict[Size, int] = {"quick": 3, "full": 8}
IMAGES: dict[Size, int] = {"quick": 4, "full": 8}
FEW = 3
"""HRVs of Color from a single prompt, which are weakened by."""
SHARES = (0.07, 0.2, 0.4)
"""Shares of the heads that are weakened."""
ORDERS: tuple[Order, ...] = ("MoRHF", "LeRHF")
MEASURES = ("colours", "objects", "patterns", "weather")
"""What is looked at in an image; parts of `demo.scoring.right`."""


class WeakenCase(TypedDict):
    """A way to make an HRV, drawn again `draw` times, from `voting` prompts; count: prompts that
    are weakened, each with so many images."""

    kind: str
    variant: str
    draw: int
    count: int
    pictures: int
    voting: int
    seed: int


class PromptRow(TypedDict):
    """Order -> for each share of weakened heads, the share of images right in each measure."""

    prompt: str
    MoRHF: list[list[float]]
    LeRHF: list[list[float]]


class WeakenRow(TypedDict):
    """Weakening by the HRV of one concept, made in one way."""

    kind: str
    variant: str
    draw: int
    concept: str
    prompts: list[PromptRow]


@dataclass(frozen=True)
class Target:
    """A prompt of one object, what it must show, and the seeds of its images."""

    prompt: str
    scene: Scene
    seeds: Sequence[int]


class Weakened(DemoStudy[WeakenCase, WeakenRow]):
    """A good HRV of Color, three from one prompt, a too broad and an unknown concept."""

    tag, kinds = "kind", ("weaken",)

    def cases(self, size: Size) -> list[WeakenCase]:
        variants = [
            *(("one prompt", draw) for draw in range(FEW)),
            *((name, 0) for name in ("many prompts", "Mixed", *UNKNOWN)),
        ]
        return [
            {
                "kind": "weaken",
                "variant": variant,
                "draw": draw,
                "count": WEAKENED[size],
                "pictures": IMAGES[size],
                "voting": COUNTED[size],
                "seed": SEED + 2000,
            }
            for variant, draw in variants
        ]

    def run(self, lab: Lab, case: WeakenCase) -> WeakenRow:
        vector, concept = _vector(lab, case)
        return {
            "kind": case["kind"],
            "variant": case["variant"],
            "draw": case["draw"],
            "concept": concept,
            "prompts": [_outcomes(lab, vector, target) for target in _targets(case)],
        }

    def cost(self, case: WeakenCase) -> float:
        return 0.17 * case["voting"] + 1.0 * case["count"] * case["pictures"]


def _vector(lab: Lab, case: WeakenCase) -> tuple[torch.Tensor, str]:
    """The HRV (H,) by which a case weakens, and its concept's name."""
    variant, seed = case["variant"], case["seed"]
    name, listed, count = "Color", sets()["all"], case["voting"]
    if variant == "one prompt":
        count, seed = 1, seed + 10 * (1 + case["draw"])
    elif variant == "Mixed":
        name, listed = variant, sets()["broad"]
    elif variant in UNKNOWN:
        name, listed = variant, sets()["unknown"]
    votes = np.array(total_votes(lab, listed, count, seed))
    return torch.from_numpy(hrvs(votes)[list(listed).index(name)]), name


def _targets(case: WeakenCase) -> list[Target]:
    found = []
    for number, goal in enumerate(goals(case["count"], case["seed"], 1)):
        first = case["seed"] + 500 + 50 * number
        seeds = range(first, first + case["pictures"])
        found.append(Target(full_prompt(goal.scene, size=False), goal.scene, seeds))
    return found


def _outcomes(lab: Lab, vector: torch.Tensor, target: Target) -> PromptRow:
    """What is still right of a prompt, weakened in both orders of an HRV (H,)."""
    positive = lab.prompt(target.prompt)

    def left(order: Order) -> list[list[float]]:
        found = []
        for share in SHARES:
            r = weakening(head_order(vector, order), round(share * len(vector)), WEAKENING_FACTOR)
            seen = lab.see(lab.steered(positive, "", r, "weakened"), positive, target.seeds)
            marks = [right(target.scene, verdict) for verdict in seen]
            found.append([float(np.mean([m[name] for m in marks])) for name in MEASURES])
        return found

    return {"prompt": target.prompt, "MoRHF": left("MoRHF"), "LeRHF": left("LeRHF")}
