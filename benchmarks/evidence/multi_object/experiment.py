"""Two objects in a prompt: are both there, with their colours?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from ....demo.captions import sentence, thing_words
from ....demo.judge import Verdict
from ....demo.world import BARE, COLOURS, OBJECTS, group_of
from ....hrv.excite.plan import MapSize
from ..framework import SEEDS, Case, Experiment, Lab, Rows, Size, Summary
from . import figures as multi_object_figures
from .attention import attended
from .snapshots import pack
from .summary import summarise

SEED = SEEDS["multi_object"]
PROMPTS: dict[Size, int] = {"quick": 6, "full": 60}
PICTURES: dict[Size, int] = {"quick": 5, "full": 10}
SHOWN = 2
"""Of so many prompts, pictures are kept for the page."""
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


class MultiObject(Experiment):
    """A&E-HRV's benchmark: "a red cat and a blue fish"."""

    name = "multi_object"
    title = "Two objects with their colours"
    version = 2
    paper = (
        "Tables 2 and 12: A&E-HRV scores 2.3 to 6.3% above Attend-and-Excite by CLIP and BLIP-2 "
        "similarity, on prompts of two objects (66) and of two coloured objects (150)"
    )

    def cases(self, size: Size) -> list[Case]:
        rng = np.random.default_rng(SEED)
        pairs = list(combinations(KINDS, 2))
        order = rng.permutation(len(pairs))
        cases = []
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
                    "seeds": list(range(first, first + PICTURES[size])),
                    "keep": number < SHOWN,
                    "sweep": number < SWEEP[size],
                }
            )
        return cases

    def run(self, lab: Lab, case: Case) -> Rows:
        text = prompt_of(case)
        positive = lab.prompt(text)
        words = {kind: group_of(kind) for kind in case["kinds"]}
        found: dict[str, Any] = {}
        for method in (*METHODS, *(SWEPT if case["sweep"] else ())):
            model = _model(lab, positive, words, method)
            began = time.perf_counter()
            pictures = lab.sample(model, positive, case["seeds"])
            seconds = time.perf_counter() - began
            wanted = list(zip(case["kinds"], case["colours"], strict=True))
            found[method] = {
                "pictures": [outcome(wanted, verdict) for verdict in lab.judge(pictures)],
                "seconds": seconds / len(case["seeds"]),
                "kept": [pack(one) for one in pictures[:KEPT]] if case["keep"] else [],
            }
        return {"prompt": text, "methods": found, "attended": attended(lab, case, positive)}

    def summarise(self, rows: list[Rows]) -> Summary:
        return summarise(rows, METHODS)

    def figures(self, summary: Summary, folder: Path) -> list[str]:
        return multi_object_figures.draw(self.name, summary["data"], folder)

    def cost(self, case: Case) -> float:
        return (7.0 if case["sweep"] else 2.4) * len(case["seeds"])


EXPERIMENT = MultiObject()


def prompt_of(case: Case) -> str:
    """The caption: both objects with their colours, nothing else."""
    things = zip(case["kinds"], case["colours"], strict=True)
    return sentence([thing_words(kind, colour) for kind, colour in things])


def outcome(wanted: Sequence[tuple[str, str]], verdict: Verdict) -> list[bool]:
    """[first object there, second there, first colour right, second right]."""
    seen = [(verdict.find(kind), colour) for kind, colour in wanted]
    there = [found is not None for found, _ in seen]
    right = [found is not None and found.colour == colour for found, colour in seen]
    return there + right


def _model(lab: Lab, positive: Any, words: dict[str, str], method: str) -> Any:
    if method == "plain":
        return lab.model
    from ...framework.excited import excited

    hrv = lab.relevance if method.startswith("A&E-HRV") else None
    return excited(lab.model, positive, words, hrv, *SWEPT.get(method, (1.0, "auto")))
