"""Sets of concepts, good and bad, and how many votes each concept of them gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from ....demo.concepts import CONCEPTS, prompts
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Lab
from ..voting import BATCH, count_votes

SEED = SEEDS["breaking"]
INSTRUMENTS = "Musical Instruments"
UNKNOWN = {INSTRUMENTS: ("violin", "trumpet", "piano", "flute", "guitar", "drum")}
"""A concept of which the demo model has never seen a word or an image."""
MIXED = {
    "Color": ("purple", "teal"),
    "Animals": ("cat",),
    "Fruits": ("banana",),
    "Geometric Patterns": ("dotted",),
    "Weather Conditions": ("foggy",),
    "Image Style": ("neon",),
}
"""What a too broad concept takes out of the others."""
BATCHES: dict[Size, int] = {"quick": 3, "full": 8}
COUNTED: dict[Size, int] = {"quick": 20, "full": 40}
"""Prompts behind the HRVs that are compared with the narrow ones."""
Words = dict[str, tuple[str, ...]]
"""Concept -> concept-words."""


def sets() -> dict[str, Words]:
    """Sets of concepts by name; in "narrow" and "broad" no word stands twice."""
    left = {
        name: tuple(word for word in listed if word not in MIXED.get(name, ()))
        for name, listed in CONCEPTS.items()
    }
    mixed = tuple(word for listed in MIXED.values() for word in listed)
    narrow = {name: listed for name, listed in left.items() if name != "Color"}
    return {
        "all": dict(CONCEPTS),
        "narrow": {**narrow, "Color": left["Color"]},
        "broad": {**narrow, "Color": left["Color"], "Mixed": mixed},
        "unknown": {**CONCEPTS, **UNKNOWN},
    }


def total_votes(
    lab: Lab, words: Mapping[str, Sequence[str]], count: int, seed: int
) -> list[list[int]]:
    """Votes (N, H) of so many prompts."""
    found: list[list[int]] = (
        count_votes(lab, words, prompts(count, seed), seed)[:, 0].sum(axis=0).tolist()
    )
    return found


class VotesCase(TypedDict):
    """Twenty prompts."""

    kind: str
    batch: int
    seed: int


class VotesRow(TypedDict):
    """Votes (prompts, N, H) for the shipped concepts."""

    kind: str
    concepts: list[str]
    votes: list[list[list[int]]]


class ByPrompt(DemoStudy[VotesCase, VotesRow]):
    """The votes of every prompt, so that lots of any size can be drawn."""

    tag, kinds = "kind", ("votes",)

    def cases(self, size: Size) -> list[VotesCase]:
        return [{"kind": "votes", "batch": i, "seed": SEED + i} for i in range(BATCHES[size])]

    def run(self, lab: Lab, case: VotesCase) -> VotesRow:
        votes = count_votes(lab, CONCEPTS, prompts(BATCH, case["seed"]), case["seed"])
        return {"kind": "votes", "concepts": list(CONCEPTS), "votes": votes[:, 0].tolist()}

    def cost(self, case: VotesCase) -> float:
        return 4.0


class SetCase(TypedDict):
    """A set of concepts, one of `sets`, and how many prompts vote."""

    kind: str
    set: str
    count: int
    seed: int


class SetRow(TypedDict):
    """Votes (N, H) for its concepts."""

    kind: str
    set: str
    concepts: list[str]
    votes: list[list[int]]


class Compared(DemoStudy[SetCase, SetRow]):
    """Every set twice, from different prompts."""

    tag, kinds = "kind", ("set",)

    def cases(self, size: Size) -> list[SetCase]:
        count = COUNTED[size]
        return [
            {"kind": "set", "set": name, "count": count, "seed": SEED + 1000 + 100 * again}
            for name in ("narrow", "broad", "unknown")
            for again in range(2)
        ]

    def run(self, lab: Lab, case: SetCase) -> SetRow:
        listed = sets()[case["set"]]
        total = total_votes(lab, listed, case["count"], case["seed"])
        return {"kind": "set", "set": case["set"], "concepts": list(listed), "votes": total}

    def cost(self, case: SetCase) -> float:
        return 0.17 * case["count"]
