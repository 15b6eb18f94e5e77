"""Words with two meanings on a real model (arXiv 2412.02237, section 5.1, Table 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from ...nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen
from .judge import cosines
from .lab import Conditioning, Lab
from .scope import Columns, RealExperiment, RealStudy, Scope, Scored, table_of


class Reading(TypedDict):
    """A prompt, the word that is misread, both concepts, and what either reading shows."""

    prompt: str
    word: str
    desired: str
    undesired: str
    wanted: str
    unwanted: str


class ReadingCase(Reading):
    """The same, and the seeds of its images."""

    seeds: Sequence[int]


class ReadingRow(TypedDict):
    """Cosine of an image with both readings; misread: 1 if it is nearer to the unwanted one."""

    prompt: str
    method: str
    seed: int
    wanted: float
    unwanted: float
    misread: float


PROMPTS: tuple[Reading, ...] = (
    {
        "prompt": "A vase in lavender color",
        "word": "lavender",
        "desired": "Color",
        "undesired": "Plants",
        "wanted": "a vase in a light purple color",
        "unwanted": "lavender flowers",
    },
    {
        "prompt": "An Apple device on a table",
        "word": "Apple",
        "desired": "Brand Logos",
        "undesired": "Fruits and Vegetables",
        "wanted": "a computer or a phone",
        "unwanted": "an apple, the fruit",
    },
    {
        "prompt": "A rose-colored vase",
        "word": "rose-colored",
        "desired": "Color",
        "undesired": "Plants",
        "wanted": "a pink vase",
        "unwanted": "roses",
    },
    {
        "prompt": "A single rusted nut",
        "word": "nut",
        "desired": "Tools",
        "undesired": "Food and Beverages",
        "wanted": "a metal nut for a bolt",
        "unwanted": "a nut to eat",
    },
)
METHODS = ("plain", "Concept Strengthen", "Concept Adjust")
SEEDS = tuple(range(1, 11))  # as the authors publish their images


class Readings(RealStudy[ReadingCase, ReadingRow]):
    """Every method on the published prompts."""

    def cases(self, scope: Scope) -> list[ReadingCase]:
        """Every prompt whose concepts the HRV has."""
        known = {*scope.hrv.concepts}
        fitting = [p for p in PROMPTS if {p["desired"], p["undesired"]} <= known]
        seeds = SEEDS[: scope.size.seeds]
        return [{**p, "seeds": seeds} for p in fitting[: scope.size.prompts]]

    def run(self, lab: Lab, case: ReadingCase) -> list[ReadingRow]:
        return [row for method in METHODS for row in _rows(lab, case, method)]


def _rows(lab: Lab, case: ReadingCase, method: str) -> list[ReadingRow]:
    positive = lab.prompt(case["prompt"])
    seen = lab.images(_steered(lab, positive, case, method), positive, case["seeds"])
    found = cosines(lab.judge, seen, [case["wanted"], case["unwanted"]]).tolist()
    return [
        {
            "prompt": case["prompt"],
            "method": method,
            "seed": seed,
            "wanted": wanted,
            "unwanted": unwanted,
            "misread": float(unwanted > wanted),
        }
        for seed, (wanted, unwanted) in zip(case["seeds"], found, strict=True)
    ]


def _steered(lab: Lab, positive: Conditioning, case: ReadingCase, method: str) -> Any:
    first = (lab.model, lab.hrv, positive, case["word"], case["desired"])
    if method == "Concept Strengthen":
        return HRVConceptStrengthen.execute(*first, 1.0).args[0]
    if method == "Concept Adjust":
        return HRVConceptAdjust.execute(*first, case["undesired"], 1.0).args[0]
    return lab.model


class Meanings(RealExperiment[ReadingRow]):
    """Words with two meanings."""

    name = "meanings"
    title = "Words with two meanings"
    paper = "63.0% misread before, 15.9% after Concept Adjust, by 36 people; CLIP is no such judge"
    studies = (Readings(),)

    def table(self, rows: Sequence[ReadingRow]) -> Columns:
        """Method -> mean similarity with both readings, share of images nearer to the wrong."""
        return table_of(
            Scored(
                row["method"],
                row["prompt"],
                {
                    "CLIP, wanted": row["wanted"],
                    "CLIP, unwanted": row["unwanted"],
                    "nearer to the unwanted": row["misread"],
                },
            )
            for row in rows
        )
