"""Votes of sets of concepts: in timestep bins, of words dealt at random, and with one left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ....demo.concepts import CONCEPTS, prompts
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Lab
from ..voting import BATCH, count_votes

SEED = SEEDS["timesteps"]
BINS, STEPS = 10, 20
BATCHES: dict[Size, int] = {"quick": 3, "full": 5}
"""Twenties of prompts whose votes are counted in timestep bins."""
DEALT: dict[Size, int] = {"quick": 3, "full": 5}
"""The same for words that are dealt into concepts at random."""
COMPARED: dict[Size, int] = {"quick": 1, "full": 3}
"""Twenties of prompts for every set of concepts that is compared."""
RERUN = 50_000


class BinsCase(TypedDict):
    """Twenty prompts."""

    kind: str
    batch: int
    seed: int


class SetCase(TypedDict):
    """A set of concepts: "all" of them, a "rerun" with other prompts, or one "without"."""

    kind: str
    without: str
    batches: int
    seed: int


class VotesRow(TypedDict):
    """Votes (T, N, H) of all prompts together; T is 1 where bins are not told apart."""

    kind: str
    without: str
    concepts: list[str]
    prompts: int
    votes: list[list[list[int]]]


class _InBins(DemoStudy[BinsCase, VotesRow]):
    """Votes in ten timestep bins."""

    tag = "kind"
    batches: dict[Size, int]

    def cases(self, size: Size) -> list[BinsCase]:
        kind = self.kinds[0]
        return [{"kind": kind, "batch": i, "seed": SEED + i} for i in range(self.batches[size])]

    def words(self) -> dict[str, Sequence[str]]:
        """The concepts and their words."""
        return {**CONCEPTS}

    def run(self, lab: Lab, case: BinsCase) -> VotesRow:
        words, texts = self.words(), prompts(BATCH, case["seed"])
        votes = count_votes(lab, words, texts, case["seed"], STEPS, BINS)
        return {
            "kind": case["kind"],
            "without": "",
            "concepts": list(words),
            "prompts": len(texts),
            "votes": votes.sum(axis=0).tolist(),
        }

    def cost(self, case: BinsCase) -> float:
        return 8.0


class TimestepBins(_InBins):
    """The shipped concepts."""

    kinds, batches = ("parts",), BATCHES


class DealtWords(_InBins):
    """Concepts of nothing."""

    kinds, batches = ("dealt",), DEALT

    def words(self) -> dict[str, Sequence[str]]:
        return dealt_words()


class ConceptSets(DemoStudy[SetCase, VotesRow]):
    """The shipped set, the same from other prompts, and with one concept left out."""

    tag, kinds = "kind", ("all", "rerun", "without")

    def cases(self, size: Size) -> list[SetCase]:
        left_out = tuple(CONCEPTS) if size == "full" else tuple(CONCEPTS)[4:7]

        def case(kind: str, without: str = "", seed: int = SEED) -> SetCase:
            return {"kind": kind, "without": without, "batches": COMPARED[size], "seed": seed}

        both = [case("all"), case("rerun", seed=SEED + RERUN)]
        return [*both, *(case("without", concept) for concept in left_out)]

    def run(self, lab: Lab, case: SetCase) -> VotesRow:
        words = {name: listed for name, listed in CONCEPTS.items() if name != case["without"]}
        texts = prompts(BATCH * case["batches"], case["seed"])
        votes = count_votes(lab, words, texts, case["seed"])
        return {
            "kind": case["kind"],
            "without": case["without"],
            "concepts": list(words),
            "prompts": len(texts),
            "votes": votes.sum(axis=0).tolist(),
        }

    def cost(self, case: SetCase) -> float:
        return 3.5 * case["batches"]


def dealt_words() -> dict[str, Sequence[str]]:
    """The concept-words dealt at random into lists of the same sizes: concepts of nothing."""
    words = [word for listed in CONCEPTS.values() for word in listed]
    order = iter(np.random.default_rng(SEED).permutation(words).tolist())
    return {f"Dealt {i}": [next(order) for _ in v] for i, v in enumerate(CONCEPTS.values(), 1)}
