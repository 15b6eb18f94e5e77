"""Ordered weakening on a real model (arXiv 2412.02237, section 4 and appendix C)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

import numpy as np

from ...hrv.rescale import WEAKENING_FACTOR
from ...nodes.steering.nodes import HRVOrderedWeaken
from ..framework.statistics import area as under
from .judge import cosines
from .lab import Lab
from .scope import Columns, RealExperiment, RealStudy, Scope

TEMPLATES: dict[str, str] = {
    "Animals": "a photo of a {}",
    "Color": "a {} car",
    "Material": "a bowl made of {}",
    "Geometric Patterns": "a t-shirt with a {} pattern",
    "Image Style": "a {} style painting of a castle",
    "Weather Conditions": "a cat on a {} day",
}
Direction = Literal["MoRHF", "LeRHF"]
ORDERS: tuple[Direction, ...] = ("MoRHF", "LeRHF")


class WeakenCase(TypedDict):
    """A concept-word, and the numbers of heads that are weakened."""

    concept: str
    word: str
    counts: list[int]
    seeds: Sequence[int]


class WeakenRow(TypedDict):
    """Mean cosine of the images with the bare word."""

    concept: str
    prompt: str
    order: str
    heads: int
    similarity: float


class Similarity(RealStudy[WeakenCase, WeakenRow]):
    """How like the bare word images are, while its concept's heads are weakened."""

    def cases(self, scope: Scope) -> list[WeakenCase]:
        """A prompt for every concept-word of the HRV; without words the concept is left out."""
        heads, size = len(scope.hrv.heads), scope.size
        counts = sorted({round(share * heads) for share in size.weakened})
        return [
            {"concept": concept, "word": word, "counts": counts, "seeds": size.seeds[:3]}
            for concept in TEMPLATES
            for word in scope.words(concept)
        ]

    def run(self, lab: Lab, case: WeakenCase) -> list[WeakenRow]:
        return [_row(lab, case, order, count) for order in ORDERS for count in case["counts"]]


def _row(lab: Lab, case: WeakenCase, order: Direction, count: int) -> WeakenRow:
    text = TEMPLATES[case["concept"]].format(case["word"])
    positive = lab.prompt(text)
    weakened = HRVOrderedWeaken.execute(
        lab.model, lab.hrv, positive, case["concept"], order, count, "heads", WEAKENING_FACTOR
    ).args[0]
    seen = lab.images(weakened, positive, case["seeds"])
    return {
        "concept": case["concept"],
        "prompt": text,
        "order": order,
        "heads": count,
        "similarity": float(cosines(lab.judge, seen, [case["word"]])[:, 0].mean()),
    }


def area(rows: Sequence[WeakenRow]) -> float:
    """Area between the curves of least and most relevant heads first, in similarity x heads."""

    def curve(order: Direction) -> tuple[list[int], np.ndarray]:
        mine = [row for row in rows if row["order"] == order]
        counts = sorted({row["heads"] for row in mine})
        means = [np.mean([r["similarity"] for r in mine if r["heads"] == k]) for k in counts]
        return counts, np.array(means)

    counts, least = curve("LeRHF")
    return under(counts, (least - curve("MoRHF")[1]).tolist())


class Weaken(RealExperiment[WeakenRow]):
    """What disappears with a concept's heads."""

    name = "weaken"
    title = "Ordered weakening: what disappears with a concept's heads"
    paper = "Figures 3 and 12, Table 6; area 9.43 for Image Style in the published scores of SD1.4"
    studies = (Similarity(),)

    def table(self, rows: Sequence[WeakenRow]) -> Columns:
        """Concept -> similarity unweakened, and the area between the orders."""
        table: Columns = {}
        for concept in dict.fromkeys(row["concept"] for row in rows):
            mine = [row for row in rows if row["concept"] == concept]
            plain = [row["similarity"] for row in mine if row["heads"] == 0]
            table[concept] = {
                "prompts": len({row["prompt"] for row in mine}),
                "similarity, unweakened": float(np.mean(plain)),
                "area LeRHF - MoRHF": area(mine),
            }
        return table
