"""One head weakened at a time: what each concept of a prompt loses with it."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np
import torch

from ....demo.judge import Verdict
from ....demo.world import Scene, group_of
from ....hrv.rescale import WEAKENING_FACTOR as FACTOR
from ..experiment import DemoStudy, Size
from ..lab import Lab
from ..scenes import ATTRIBUTES, OF_THE_SCENE, SceneFields, attribute_of, read_scene
from .orders import Orders

PROMPTS: dict[Size, int] = {"quick": 4, "full": 12}
"""Of so many of the prompts of ordered weakening."""


class SingleHeadsCase(TypedDict):
    """A prompt of which every head is weakened by itself."""

    part: str
    prompt: str
    scene: SceneFields
    seeds: list[int]


class SingleHeadsRow(TypedDict):
    """Concept -> what it loses with each head (H,), and its HRV (H,)."""

    part: str
    prompt: str
    lost: dict[str, list[float]]
    relevance: dict[str, list[float]]


class SingleHeads(DemoStudy[SingleHeadsCase, SingleHeadsRow]):
    """Are the heads that count those the concept's HRV ranks first?"""

    tag, kinds = "part", ("single heads",)

    def cases(self, size: Size) -> list[SingleHeadsCase]:
        return [
            {
                "part": self.kinds[0],
                "prompt": case["prompt"],
                "scene": case["scene"],
                "seeds": case["seeds"],
            }
            for case in Orders().cases(size)[: PROMPTS[size]]
        ]

    def run(self, lab: Lab, case: SingleHeadsCase) -> SingleHeadsRow:
        scene, prompt = read_scene(case["scene"]), lab.prompt(case["prompt"])
        heads = len(lab.relevance.heads)

        def means(model: Any) -> dict[str, float]:
            seen = lab.see(model, prompt, case["seeds"])
            each = [sureness(scene, one, ATTRIBUTES) for one in seen]
            return {concept: float(np.mean([one[concept] for one in each])) for concept in each[0]}

        plain = means(lab.model)
        lost: dict[str, list[float]] = {concept: [] for concept in plain}
        for head in range(heads):
            rescale = torch.ones(heads)
            rescale[head] = FACTOR
            left = means(lab.steered(prompt, "", rescale, "single heads"))
            for concept, values in lost.items():
                values.append(round(plain[concept] - left[concept], 5))
        return {
            "part": self.kinds[0],
            "prompt": case["prompt"],
            "lost": lost,
            "relevance": {c: lab.relevance.row(c).tolist() for c in lab.relevance.concepts},
        }

    def cost(self, case: SingleHeadsCase) -> float:
        return 17.0 * len(case["seeds"])


def sureness(scene: Scene, seen: Verdict, attributes: dict[str, str]) -> dict[str, float]:
    """Concept -> how sure the judge is that it is as the prompt says, 0 to 1.

    Colour, pattern and size are gone as far as the object is; attributes: concept -> its name.
    """
    main, group = seen.main, group_of(scene.objects[0].kind)
    there = 1 - main.probabilities["object"]["nothing"]
    found = {group: main.group_probability(group)}
    for concept, name in attributes.items():
        wanted = attribute_of(scene, name)
        if name in OF_THE_SCENE:
            found[concept] = seen.probabilities[name][wanted]
        else:
            found[concept] = there * main.probabilities[name][wanted]
    return found
