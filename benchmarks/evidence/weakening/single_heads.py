"""One head weakened at a time: what each concept of a prompt loses with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import torch
from torch import Tensor

from ....demo.judge import Verdict
from ....demo.world import Scene, group_of
from ....hrv.rescale import WEAKENING_FACTOR as FACTOR
from ..experiment import DemoStudy, Size, TakesVectors
from ..lab import Lab, measured_digest
from ..scenes import ATTRIBUTES, OF_THE_SCENE, attribute_of, read_scene
from .batches import Rows, sample_batch
from .orders import FIRST_SEED
from .prompts import Asked, batch

BATCHES: dict[Size, int] = {"quick": 1, "full": 2}
"""Of so many of the batches of ordered weakening."""


class SingleHeadsCase(TakesVectors):
    """A batch of prompts of which every head is weakened by itself."""

    part: str
    number: int
    asked: list[Asked]


class Lost(TypedDict):
    """Concept -> what a prompt loses of it with each head (H,)."""

    prompt: str
    lost: dict[str, list[float]]


class SingleHeadsRow(TypedDict):
    """What every prompt loses; source -> concept -> its vector (H,)."""

    part: str
    number: int
    prompts: list[Lost]
    vectors: dict[str, dict[str, list[float]]]


class SingleHeads(DemoStudy[SingleHeadsCase, SingleHeadsRow]):
    """Are the heads that count those that the concept's vector ranks first?"""

    tag, kinds = "part", ("single heads",)

    def cases(self, size: Size) -> list[SingleHeadsCase]:
        return [
            {
                "part": self.kinds[0],
                "number": number,
                "asked": batch(number, FIRST_SEED),
                "vectors": measured_digest(),
            }
            for number in range(BATCHES[size] if measured_digest() else 0)
        ]

    def run(self, lab: Lab, case: SingleHeadsCase) -> SingleHeadsRow:
        heads = len(lab.relevance.heads)
        plain = _sureness(lab, case["asked"], torch.ones(heads))
        found: list[Lost] = [
            {"prompt": asked["prompt"], "lost": {concept: [] for concept in one}}
            for asked, one in zip(case["asked"], plain, strict=True)
        ]
        for head in range(heads):
            r = torch.ones(heads)
            r[head] = FACTOR
            left = _sureness(lab, case["asked"], r)
            for prompt, before, after in zip(found, plain, left, strict=True):
                for concept, values in prompt["lost"].items():
                    values.append(round(before[concept] - after[concept], 5))
        known = {"voted": lab.relevance, "measured": lab.measured}
        vectors = {
            name: {concept: hrv.row(concept).tolist() for concept in hrv.concepts}
            for name, hrv in known.items()
        }
        return {
            "part": case["part"],
            "number": case["number"],
            "prompts": found,
            "vectors": vectors,
        }

    def cost(self, case: SingleHeadsCase) -> float:
        return 0.2 * 88 * len(case["asked"])


def _sureness(lab: Lab, asked: Sequence[Asked], r: Tensor) -> list[dict[str, float]]:
    """`sureness` of each prompt's image."""
    verdicts = sample_batch(lab, asked, Rows(r))
    return [
        sureness(read_scene(one["scene"]), verdict, ATTRIBUTES)
        for one, verdict in zip(asked, verdicts, strict=True)
    ]


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
