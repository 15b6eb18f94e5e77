"""Prompts of two coloured objects, sampled plainly, with A&E and with A&E-HRV."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypedDict

from torch import Tensor

from ....demo.sampling import Sampling
from ....demo.world import group_of
from ....hrv.relevance import HeadRelevance, Kind
from ...framework.excited import excited
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Conditioning, Lab, vectors_at_hand
from .attention import Watched, watch
from .prompts import outcome, pairs, prompt_of
from .snapshots import pack

SEED = SEEDS["multi_object"]
PROMPTS: dict[Size, int] = {"quick": 4, "full": 40}
IMAGES: dict[Size, int] = {"quick": 3, "full": 4}
SCREENED = 8
"""Plain images of other seeds that say whether a prompt is hard."""
HARD = 0.4
"""A prompt is hard where at least this share of them misses an object."""
EASY = 6
"""Of the first so many prompts those that are not hard are excited too: what is damaged?"""
KEPT = 4
"""So many images of every prompt are kept for the page."""
SCREEN = Sampling(steps=20)
HOW = Sampling(steps=50)
"""As in the papers: 25 of 50 steps update the latent."""
REACH = (0.02, 20.0)
"""The strengths that matching may choose from."""


class ObjectsCase(TypedDict):
    """Two kinds with their colours; screen: seeds that decide whether the prompt is hard;
    anyway: excite it even if it is not; vector, digest: of A&E-HRV."""

    kinds: list[str]
    colours: list[str]
    screen: list[int]
    seeds: list[int]
    anyway: bool
    vector: Kind
    digest: str


class MethodRow(TypedDict):
    """Of each image what `outcome` says, how far its latent was moved, and its first and last
    loss (see `Log`); strength; seconds: per image; kept: images as text."""

    images: list[list[bool]]
    path: list[float]
    loss: list[list[float]]
    strength: float
    seconds: float
    kept: list[str]


class ObjectsRow(TypedDict):
    """One prompt and vector; missed: share of the screening images without one of the objects;
    methods: empty where it was only screened; attended: see `Watched.attended`."""

    prompt: str
    missed: float
    methods: dict[str, MethodRow]
    attended: dict[str, list[list[float]]]


@dataclass(frozen=True)
class Method:
    """vector: "" for Attend-and-Excite itself; matched: with the strength that moves the latent as
    far as A&E; one_size: by the heads alone whose maps have the compared size."""

    vector: Kind | Literal[""] = ""
    matched: bool = False
    one_size: bool = False

    @property
    def name(self) -> str:
        """As the page says it."""
        base = f"A&E-HRV, {self.vector}" if self.vector else "A&E"
        return base + ", matched" * self.matched + ", one map size" * self.one_size


EXCITE = Method()


def methods(vector: Kind) -> tuple[Method, ...]:
    """After plain sampling, in this order: the matched one follows what it is matched to."""
    hrv = (Method(vector), Method(vector, matched=True), Method(vector, one_size=True))
    return (EXCITE, *hrv)


@dataclass(frozen=True)
class Sampled:
    """Images (I, h, w, 3), when their sampling began, and what A&E noted; see `MethodRow`."""

    images: Tensor
    began: float
    strength: float = 0.0
    path: Sequence[float] = ()
    losses: Sequence[list[float]] = ()


class Objects(DemoStudy[ObjectsCase, ObjectsRow]):
    """Are both objects there, with their colours?"""

    def cases(self, size: Size) -> list[ObjectsCase]:
        cases: list[ObjectsCase] = []
        voted, *others = vectors_at_hand()
        for number, (kinds, colours) in enumerate(pairs(PROMPTS[size], SEED)):
            first = SEED + 100 * number
            seeds = list(range(first, first + SCREENED + IMAGES[size]))
            cases.append(
                {
                    "kinds": kinds,
                    "colours": colours,
                    "screen": seeds[:SCREENED],
                    "seeds": seeds[SCREENED:],
                    "anyway": number < EASY,
                    "vector": voted.kind,
                    "digest": voted.digest,
                }
            )
        again: list[ObjectsCase] = [
            {**case, "vector": one.kind, "digest": one.digest} for one in others for case in cases
        ]
        return cases + again

    def run(self, lab: Lab, case: ObjectsCase) -> ObjectsRow:
        pair = (case["kinds"], case["colours"])
        wanted = list(zip(*pair, strict=True))
        positive = lab.prompt(prompt_of(pair))
        screened = lab.see(lab.model, positive, case["screen"], SCREEN)
        gone = [not all(outcome(wanted, verdict)[:2]) for verdict in screened]
        missed = sum(gone) / len(gone)
        found: dict[str, MethodRow] = {}
        seen: dict[str, list[list[float]]] = {}
        if case["anyway"] or missed >= HARD:
            watched = watch(lab, case["kinds"], case["seeds"], positive)
            found, seen = dict(_methods(lab, case, positive, watched)), watched.attended()
        return {"prompt": prompt_of(pair), "missed": missed, "methods": found, "attended": seen}

    def cost(self, case: ObjectsCase) -> float:
        return 3 + 10.0 * len(case["seeds"]) * (1 if case["anyway"] else 0.3)


def _methods(
    lab: Lab, case: ObjectsCase, positive: Conditioning, watched: Watched
) -> Iterator[tuple[str, MethodRow]]:
    """Plain sampling and every method, with the same noise."""
    began = time.perf_counter()
    plain = Sampled(lab.sample(lab.model, positive, case["seeds"], HOW), began)
    yield "plain", _row(lab, case, plain)
    far: Sequence[float] = []
    alone: dict[str, Sequence[float]] = {}
    for method in methods(case["vector"]):
        excite = partial(_excited, lab, case, positive, watched, method)
        strength = 1.0
        if method.matched:
            strength = matching(alone[method.vector], far)
        sampled = excite(strength)
        far = sampled.path if method == EXCITE else far
        alone.setdefault(method.vector, sampled.path)
        yield method.name, _row(lab, case, sampled)


def matching(at_one: Sequence[float], far: Sequence[float]) -> float:
    """The strength that should move the latent as far: paths at strength 1, and those wanted.

    The path grows nearly in proportion to the strength, until the loss is gone.
    """
    here, there = sum(at_one), sum(far)
    return min(max(there / here, REACH[0]), REACH[1]) if here else REACH[1]


def _excited(
    lab: Lab,
    case: ObjectsCase,
    positive: Conditioning,
    watched: Watched,
    method: Method,
    strength: float,
) -> Sampled:
    """The images of a method."""
    from .logged import logged

    hrv = lab.vectors(method.vector) if method.vector else None
    if hrv is not None and method.one_size:
        hrv = restricted(hrv, watched.heads_of_compared_size)
    words = {kind: group_of(kind) for kind in case["kinds"]}
    began = time.perf_counter()
    model, log = logged(lab.model, excited(lab.model, positive, words, hrv, strength))
    images = lab.sample(model, positive, case["seeds"], HOW)
    losses = [list(pair) for pair in zip(log.first, log.last, strict=True)]
    return Sampled(images, began, strength, log.path, losses)


def restricted(hrv: HeadRelevance, heads: Tensor) -> HeadRelevance:
    """The vectors with 0 for all but these heads (H,) bool; voted rows again with L1 norm H."""
    vectors = hrv.vectors * heads
    if hrv.kind == "voted":
        vectors = vectors * (len(heads) / vectors.sum(dim=1, keepdim=True))
    return replace(hrv, vectors=vectors, votes=None, timestep_bins=None)


def _row(lab: Lab, case: ObjectsCase, found: Sampled) -> MethodRow:
    seconds = time.perf_counter() - found.began
    wanted = list(zip(case["kinds"], case["colours"], strict=True))
    return {
        "images": [outcome(wanted, verdict) for verdict in lab.judge(found.images)],
        "path": [round(value, 5) for value in found.path],
        "loss": [[round(value, 5) for value in pair] for pair in found.losses],
        "strength": found.strength,
        "seconds": seconds / len(case["seeds"]),
        "kept": [pack(one) for one in found.images[:KEPT]],
    }
