"""Prompts of two coloured objects, sampled plainly, with A&E and with A&E-HRV."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import combinations
from typing import Any, TypedDict

import numpy as np

from ....demo.captions import sentence, thing_words
from ....demo.judge import Verdict
from ....demo.world import BARE, COLOURS, OBJECTS, group_of
from ....hrv.excite.plan import MapSize
from ...framework.excited import excited
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Conditioning, Lab
from .attention import attended
from .snapshots import pack

SEED = SEEDS["multi_object"]
PROMPTS: dict[Size, int] = {"quick": 6, "full": 60}
IMAGES: dict[Size, int] = {"quick": 5, "full": 10}
SHOWN = 2
"""Of so many prompts, images are kept for the page."""
KEPT = 6
KINDS = tuple(kind for kind in OBJECTS if kind not in BARE)
"""Kinds with one meaning: this is about what is forgotten, not about what is misread."""
METHODS = ("plain", "A&E", "A&E-HRV")
SWEPT: dict[str, tuple[float, MapSize]] = {
    "A&E-HRV, strength 0.3": (0.3, "auto"),
    "A&E-HRV, strength 3": (3.0, "auto"),
    "A&E, maps of 4 x 4": (1.0, "1/4"),
    "A&E-HRV, maps of 4 x 4": (1.0, "1/4"),
}
"""Strength and map size, tried on the first prompts; the others have 1 and "auto", 8 x 8."""
SWEEP: dict[Size, int] = {"quick": 2, "full": 20}


class ObjectsCase(TypedDict):
    """Two kinds with their colours; keep: images for the page; sweep: the other settings too."""

    kinds: list[str]
    colours: list[str]
    seeds: list[int]
    keep: bool
    sweep: bool


class MethodRow(TypedDict):
    """Of each image what `outcome` says; seconds: per image; kept: images as text."""

    pictures: list[list[bool]]
    seconds: float
    kept: list[str]


class ObjectsRow(TypedDict):
    """All methods on one prompt, and its words' attention; see `attended`."""

    prompt: str
    methods: dict[str, MethodRow]
    attended: dict[str, list[list[float]]]


class Objects(DemoStudy[ObjectsCase, ObjectsRow]):
    """Are both objects there, with their colours?"""

    def cases(self, size: Size) -> list[ObjectsCase]:
        rng = np.random.default_rng(SEED)
        pairs = list(combinations(KINDS, 2))
        order = rng.permutation(len(pairs))
        cases: list[ObjectsCase] = []
        for number in range(PROMPTS[size]):
            pair = list(pairs[order[number % len(pairs)]])
            if number // len(pairs) % 2:
                pair.reverse()
            colours = rng.permutation(tuple(COLOURS))[:2].tolist()
            first = SEED + 100 * number
            cases.append(
                {
                    "kinds": pair,
                    "colours": colours,
                    "seeds": list(range(first, first + IMAGES[size])),
                    "keep": number < SHOWN,
                    "sweep": number < SWEEP[size],
                }
            )
        return cases

    def run(self, lab: Lab, case: ObjectsCase) -> ObjectsRow:
        text = prompt_of(case)
        positive = lab.prompt(text)
        tried = (*METHODS, *(SWEPT if case["sweep"] else ()))
        found = {method: _sampled(lab, case, positive, method) for method in tried}
        seen = attended(lab, case["kinds"], case["seeds"], positive)
        return {"prompt": text, "methods": found, "attended": seen}

    def cost(self, case: ObjectsCase) -> float:
        return (7.0 if case["sweep"] else 2.4) * len(case["seeds"])


def prompt_of(case: ObjectsCase) -> str:
    """The caption: both objects with their colours, nothing else."""
    things = zip(case["kinds"], case["colours"], strict=True)
    return sentence([thing_words(kind, colour) for kind, colour in things])


def outcome(wanted: Sequence[tuple[str, str]], verdict: Verdict) -> list[bool]:
    """[first object there, second there, first colour right, second right]."""
    seen = [(verdict.find(kind), colour) for kind, colour in wanted]
    there = [found is not None for found, _ in seen]
    right = [found is not None and found.colour == colour for found, colour in seen]
    return there + right


def _sampled(lab: Lab, case: ObjectsCase, positive: Conditioning, method: str) -> MethodRow:
    model = _model(lab, positive, case["kinds"], method)
    began = time.perf_counter()
    images = lab.sample(model, positive, case["seeds"])
    seconds = time.perf_counter() - began
    wanted = list(zip(case["kinds"], case["colours"], strict=True))
    return {
        "pictures": [outcome(wanted, verdict) for verdict in lab.judge(images)],
        "seconds": seconds / len(case["seeds"]),
        "kept": [pack(one) for one in images[:KEPT]] if case["keep"] else [],
    }


def _model(lab: Lab, positive: Conditioning, kinds: Sequence[str], method: str) -> Any:
    if method == "plain":
        return lab.model
    words = {kind: group_of(kind) for kind in kinds}
    hrv = lab.relevance if method.startswith("A&E-HRV") else None
    strength, map_size = SWEPT.get(method, (1.0, "auto"))
    return excited(lab.model, positive, words, hrv, strength, map_size)
