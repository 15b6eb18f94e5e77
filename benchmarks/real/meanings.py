"""Words with two meanings on a real model (arXiv 2412.02237, section 5.1, Table 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen
from .judge import cosines
from .lab import Lab
from .plan import Case, Experiment, Row, Size, Table, mean_of


@dataclass(frozen=True)
class Ambiguous:
    """A prompt, the word that is misread, both concepts, and what either reading shows."""

    prompt: str
    word: str
    desired: str
    undesired: str
    wanted: str
    unwanted: str


PROMPTS = (
    Ambiguous(
        "A vase in lavender color",
        "lavender",
        "Color",
        "Plants",
        "a vase in a light purple color",
        "lavender flowers",
    ),
    Ambiguous(
        "An Apple device on a table",
        "Apple",
        "Brand Logos",
        "Fruits and Vegetables",
        "a computer or a phone",
        "an apple, the fruit",
    ),
    Ambiguous("A rose-colored vase", "rose-colored", "Color", "Plants", "a pink vase", "roses"),
    Ambiguous(
        "A single rusted nut",
        "nut",
        "Tools",
        "Food and Beverages",
        "a metal nut for a bolt",
        "a nut to eat",
    ),
)
METHODS = ("plain", "Concept Strengthen", "Concept Adjust")


def cases(lab: Lab, size: Size, authors: Any) -> list[Case]:
    """Every prompt whose concepts the HRV has."""
    known = {*lab.hrv.concepts}
    fitting = [p for p in PROMPTS if {p.desired, p.undesired} <= known]
    return [{**asdict(p), "seeds": size.seeds} for p in fitting[: size.prompts]]


def run(lab: Lab, case: Case) -> list[Row]:
    """Cosine with both readings of every picture and method."""
    positive = lab.prompt(case["prompt"])
    rows = []
    for method in METHODS:
        seen = lab.pictures(_steered(lab, positive, case, method), positive, case["seeds"])
        for seed, (wanted, unwanted) in zip(
            case["seeds"],
            cosines(lab.judge, seen, [case["wanted"], case["unwanted"]]).tolist(),
            strict=True,
        ):
            names = {"prompt": case["prompt"], "method": method, "seed": seed}
            misread = float(unwanted > wanted)
            rows.append({**names, "wanted": wanted, "unwanted": unwanted, "misread": misread})
    return rows


def _steered(lab: Lab, positive: Any, case: Case, method: str) -> Any:
    first = (lab.model, lab.hrv, positive, case["word"], case["desired"])
    if method == "Concept Strengthen":
        return HRVConceptStrengthen.execute(*first, 1.0).args[0]
    if method == "Concept Adjust":
        return HRVConceptAdjust.execute(*first, case["undesired"], 1.0).args[0]
    return lab.model


def summarise(rows: Sequence[Row]) -> Table:
    """Method -> mean similarity with both readings, share of pictures nearer to the wrong one."""
    table: Table = {}
    for method in METHODS:
        mine = [row for row in rows if row["method"] == method]
        if mine:
            table[method] = {
                "pictures": len(mine),
                "CLIP, wanted": mean_of(mine, "wanted", "prompt"),
                "CLIP, unwanted": mean_of(mine, "unwanted", "prompt"),
                "nearer to the unwanted": mean_of(mine, "misread", "prompt"),
            }
    return table


MEANINGS = Experiment(
    "meanings",
    "Words with two meanings",
    "63.0% misread before, 15.9% after Concept Adjust, by 36 people; CLIP is no such judge",
    cases,
    run,
    summarise,
)
