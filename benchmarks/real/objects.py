"""Two objects on a real model: plain, A&E and A&E-HRV (arXiv 2412.02237, section 5.3, Table 2)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..framework.excited import excited
from .judge import cosines
from .lab import Lab
from .plan import Case, Experiment, Row, Size, Table, by_method
from .prompts import object_prompts, objects_of

CONCEPT = "Animals"
METHODS = ("plain", "A&E", "A&E-HRV")


def cases(lab: Lab, size: Size, authors: Path | None) -> list[Case]:
    """Prompts of two animals, without and with colours."""
    if CONCEPT not in lab.hrv.concepts:
        return []
    return [
        {"kind": kind, "prompt": prompt, "objects": objects_of(prompt), "seeds": size.seeds}
        for kind, prompts in object_prompts(authors).items()
        for prompt in prompts[: size.prompts]
    ]


def run(lab: Lab, case: Case) -> list[Row]:
    """Similarity of each picture with the prompt, and with the object it shows least."""
    positive = lab.prompt(case["prompt"])
    texts = [case["prompt"], *(f"a {thing}" for thing in case["objects"])]
    rows = []
    for method in METHODS:
        seen = lab.pictures(_model(lab, positive, case, method), positive, case["seeds"])
        for seed, (full, *each) in zip(
            case["seeds"], cosines(lab.judge, seen, texts).tolist(), strict=True
        ):
            names = {"kind": case["kind"], "prompt": case["prompt"], "method": method}
            rows.append({**names, "seed": seed, "full": full, "least": min(each)})
    return rows


def _model(lab: Lab, positive: Any, case: Case, method: str) -> Any:
    if method == "plain":
        return lab.model
    words = {thing.split()[-1]: CONCEPT for thing in case["objects"]}
    return excited(lab.model, positive, words, lab.hrv if method == "A&E-HRV" else None)


def summarise(rows: Sequence[Row]) -> Table:
    """Type of prompt and method -> mean similarities."""
    columns = {"CLIP, prompt": "full", "CLIP, least object": "least"}
    return by_method(rows, "kind", METHODS, columns, "prompt")


OBJECTS = Experiment(
    "objects",
    "Two objects",
    "A&E-HRV 2.3 to 6.3% above A&E (Table 2: full prompt, least object, BLIP-2 captions)",
    cases,
    run,
    summarise,
)
