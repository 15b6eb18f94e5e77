"""Two objects on a real model: plain, A&E and A&E-HRV (arXiv 2412.02237, section 5.3, Table 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from torch import Tensor

from ..framework.excited import excited
from .judge import cosines
from .lab import Conditioning, Lab
from .prompts import object_prompts, objects_of
from .scope import Columns, RealExperiment, RealStudy, Scope, Scored, given, table_of

CONCEPT = "Animals"
METHODS = ("plain", "A&E", "A&E-HRV")
SEEDS = tuple(range(1, 31))  # the paper takes thirty and does not say which


class ObjectsCase(TypedDict):
    """A prompt of two things; kind: without or with colours."""

    kind: str
    prompt: str
    objects: Sequence[str]
    seeds: Sequence[int]


class ObjectsRow(TypedDict):
    """Cosine of an image with the whole prompt, and with the object it shows least.

    caption: cosine of its BLIP-2 caption with the prompt, if there is such a judge.
    """

    kind: str
    prompt: str
    method: str
    seed: int
    full: float
    least: float
    caption: float | None


class TwoObjects(RealStudy[ObjectsCase, ObjectsRow]):
    """Every method on prompts of two animals."""

    def cases(self, scope: Scope) -> list[ObjectsCase]:
        """Without and with colours; none if the HRV lacks the concept."""
        if CONCEPT not in scope.hrv.concepts:
            return []
        size, seeds = scope.size, SEEDS[: scope.size.seeds]
        return [
            {"kind": kind, "prompt": prompt, "objects": objects_of(prompt), "seeds": seeds}
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
    told = _captions(lab, seen, case["prompt"])
    return [
        {
            "kind": case["kind"],
            "prompt": case["prompt"],
            "method": method,
            "seed": seed,
            "full": full,
            "least": min(each),
            "caption": caption,
        }
        for seed, (full, *each), caption in zip(case["seeds"], found, told, strict=True)
    ]


def _captions(lab: Lab, seen: Tensor, prompt: str) -> Sequence[float | None]:
    """Cosine of each image's caption with the prompt, as texts."""
    if lab.extras.captions is None:
        return [None] * len(seen)
    texts = lab.judge.texts([prompt, *lab.extras.captions.captions(seen)])
    cosine: list[float] = (texts[1:] @ texts[0]).tolist()
    return cosine


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
    version = 2
    studies = (TwoObjects(),)

    def table(self, rows: Sequence[ObjectsRow]) -> Columns:
        """Type of prompt and method -> mean similarities."""
        return table_of(
            Scored(
                f"{row['kind']}: {row['method']}",
                row["prompt"],
                given(
                    {
                        "CLIP, prompt": row["full"],
                        "CLIP, least object": row["least"],
                        "BLIP-2 caption, prompt": row["caption"],
                    }
                ),
            )
            for row in rows
        )
