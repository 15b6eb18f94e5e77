"""Ordered weakening on a real model (arXiv 2412.02237, section 4 and appendix C)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...nodes.steering.nodes import HRVOrderedWeaken
from ..framework.statistics import area as under
from .judge import cosines
from .lab import Lab
from .plan import Case, Experiment, Row, Size, Table

TEMPLATES: dict[str, str] = {
    "Animals": "a photo of a {}",
    "Color": "a {} car",
    "Material": "a bowl made of {}",
    "Geometric Patterns": "a t-shirt with a {} pattern",
    "Image Style": "a {} style painting of a castle",
    "Weather Conditions": "a cat on a {} day",
}
ORDERS = ("MoRHF", "LeRHF")
FACTOR = -2.0


def cases(lab: Lab, size: Size, authors: Any) -> list[Case]:
    """A prompt for every concept-word of the HRV; without words the concept is left out."""
    known = dict(zip(lab.hrv.concepts, lab.hrv.words, strict=True))
    heads = len(lab.hrv.heads)
    counts = sorted({round(share * heads) for share in size.weakened})
    return [
        {"concept": concept, "word": word.lower(), "counts": counts, "seeds": size.seeds[:3]}
        for concept in TEMPLATES
        for word in known.get(concept, ())[: size.prompts]
    ]


def run(lab: Lab, case: Case) -> list[Row]:
    """Cosine of the pictures with the bare word, for each order and number of heads."""
    text = TEMPLATES[case["concept"]].format(case["word"])
    positive = lab.prompt(text)
    rows = []
    for order in ORDERS:
        for count in case["counts"]:
            weakened = HRVOrderedWeaken.execute(
                lab.model, lab.hrv, positive, case["concept"], order, count, "heads", FACTOR
            ).args[0]
            seen = lab.pictures(weakened, positive, case["seeds"])
            found = cosines(lab.judge, seen, [case["word"]])[:, 0].mean()
            names = {"concept": case["concept"], "prompt": text, "order": order}
            rows.append({**names, "heads": count, "similarity": float(found)})
    return rows


def area(rows: Sequence[Row]) -> float:
    """Area between the curves of least and most relevant heads first, in similarity x heads."""
    curves: dict[str, Any] = {}
    for order in ORDERS:
        mine = [row for row in rows if row["order"] == order]
        places = sorted({row["heads"] for row in mine})
        means = [np.mean([r["similarity"] for r in mine if r["heads"] == k]) for k in places]
        curves[order] = np.array(places), np.array(means)
    counts, least = curves["LeRHF"]
    gap = least - curves["MoRHF"][1]
    return under(counts.tolist(), gap.tolist())


def summarise(rows: Sequence[Row]) -> Table:
    """Concept -> similarity unweakened, and the area between the orders."""
    table: Table = {}
    for concept in dict.fromkeys(row["concept"] for row in rows):
        mine = [row for row in rows if row["concept"] == concept]
        plain = [row["similarity"] for row in mine if row["heads"] == 0]
        table[concept] = {
            "prompts": len({row["prompt"] for row in mine}),
            "similarity, unweakened": float(np.mean(plain)),
            "area LeRHF - MoRHF": area(mine),
        }
    return table


WEAKEN = Experiment(
    "weaken",
    "Ordered weakening: what disappears with a concept's heads",
    "Figures 3 and 12, Table 6; area 9.43 for Image Style in the published scores of SD1.4",
    cases,
    run,
    summarise,
)
