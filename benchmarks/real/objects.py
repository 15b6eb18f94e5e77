"""Two objects on a real model: plain, A&E and A&E-HRV (arXiv 2412.02237, section 5.3, Table 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from ..framework.excited import excited
from .judge import cosines
from .lab import Conditioning, Lab
from .prompts import object_prompts, objects_of
from .scope import Columns, RealExperiment, RealStudy, Scope, Scored, table_of

CONCEPT = "Animals"
METHODS = ("plain", "A&E", "A&E-HRV")


class ObjectsCase(TypedDict):
    """A prompt of two things; kind: without or with colours."""

    kind: str
    prompt: str
    objects: Sequence[str]
    seeds: Sequence[int]


class ObjectsRow(TypedDict):
    """Cosine of an image with the whole prompt, and with the object it shows least."""

    kind: str
    prompt: str
    method: str
    seed: int
    full: float
    least: float


class TwoObjects(RealStudy[ObjectsCase, ObjectsRow]):
    """Every method on prompts of two animals."""

    def cases(self, scope: Scope) -> list[ObjectsCase]:
        """Without and with colours; none if the HRV lacks the concept."""
        if CONCEPT not in scope.hrv.concepts:
            return []
        size = scope.size
        return [
            {"kind": kind, "prompt": prompt, "objects": objects_of(prompt), "seeds": size.seeds}
            for kind, prompts in object_prompts(scope.authors).items()
            for prompt in prompts[: size.prompts]
        ]

    def run(self, lab: Lab, case: ObjectsCase) -> list[ObjectsRow]:
        return [row for method in METHODS for row in _rows(lab, case, method)]


def _rows(lab: Lab, case: ObjectsCase, method: str) -> list[ObjectsRow]:
    positive = lab.prompt(case["prompt"])
    texts = [case["prompt"], *(f"a {thing}" for thing in case["objects"])]
    seen = lab.images(_model(lab, positive, case, method), positive, case["seeds"])
    found = cosines(lab.judge, seen, texts).tolist()
    return [
        {
            "kind": case["kind"],
            "prompt": case["prompt"],
            "method": method,
            "seed": seed,
            "full": full,
            "least": min(each),
        }
        for seed, (full, *each) in zip(case["seeds"], found, strict=True)
    ]


def _model(lab: Lab, positive: Conditioning, case: ObjectsCase, method: str) -> Any:
    if method == "plain":
        return lab.model
    words = {thing.split()[-1]: CONCEPT for thing in case["objects"]}
    return excited(lab.model, positive, words, lab.hrv if method == "A&E-HRV" else None)


class Objects(RealExperiment[ObjectsRow]):
    """Two objects in a prompt."""

    name = "objects"
    title = "Two objects"
    paper = "A&E-HRV 2.3 to 6.3% above A&E (Table 2: full prompt, least object, BLIP-2 captions)"
    studies = (TwoObjects(),)

    def table(self, rows: Sequence[ObjectsRow]) -> Columns:
        """Type of prompt and method -> mean similarities."""
        return table_of(
            Scored(
                f"{row['kind']}: {row['method']}",
                row["prompt"],
                {"CLIP, prompt": row["full"], "CLIP, least object": row["least"]},
            )
            for row in rows
        )
