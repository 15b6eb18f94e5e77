"""Whether the heads that count for a concept are those its HRV ranks first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from ....hrv.rescale import WEAKENING_FACTOR as FACTOR
from ...framework.statistics import SEED, percent
from ..experiment import Table
from .single_heads import SingleHeadsRow

ROUNDS = 20_000
_RARE = 0.025


@dataclass(frozen=True)
class Measured:
    """What one concept loses, the mean over the prompts that have it.

    share: of its most relevant tenth of the heads in the whole loss; chance: how often random
    heads take as much; others: the mean share of the other concepts' most relevant tenths; most:
    the largest loss with a single head, which is number `rank` by relevance of `heads`.
    """

    prompts: int
    share: float
    chance: float
    others: float
    most: float
    rank: int
    heads: int


def share(relevance: Sequence[float], lost: np.ndarray) -> float:
    """Of all that is lost (heads,), head by head, the share of the most relevant tenth.

    What is gained counts as nothing; 0 where nothing is lost.
    """
    taken = np.clip(lost, 0, None)
    order = np.argsort(-np.asarray(relevance), kind="stable")
    return float(taken[order[: _tenth(lost)]].sum() / taken.sum()) if taken.sum() else 0.0


def chance(relevance: Sequence[float], lost: np.ndarray) -> float:
    """How often heads drawn at random, as many, take at least that share (ROUNDS draws)."""
    rng, taken = np.random.default_rng(SEED), np.clip(lost, 0, None)
    drawn = np.array(
        [taken[rng.permutation(len(lost))[: _tenth(lost)]].sum() for _ in range(ROUNDS)]
    )
    return float((drawn >= share(relevance, lost) * taken.sum() - 1e-12).mean())


def _tenth(lost: np.ndarray) -> int:
    return max(1, round(len(lost) / 10))


def measured(rows: Sequence[SingleHeadsRow]) -> dict[str, Measured]:
    """Concept -> what it loses, in the order of the HRV's concepts."""
    present = {concept for row in rows for concept in row["lost"]}
    known = rows[0]["relevance"] if rows else {}
    return {concept: _measured(rows, concept) for concept in known if concept in present}


def _measured(rows: Sequence[SingleHeadsRow], concept: str) -> Measured:
    mine = [row["lost"][concept] for row in rows if concept in row["lost"]]
    lost = np.mean(mine, axis=0)
    vectors = rows[0]["relevance"]
    top = int(lost.argmax())
    others = [share(v, lost) for name, v in vectors.items() if name != concept]
    return Measured(
        prompts=len(mine),
        share=share(vectors[concept], lost),
        chance=chance(vectors[concept], lost),
        others=float(np.mean(others)),
        most=float(lost[top]),
        rank=int(rankdata(-np.array(vectors[concept]), method="min")[top]),
        heads=len(lost),
    )


def findings(found: dict[str, Measured]) -> list[str]:
    """For which concepts the most relevant heads are those that count."""
    if not found:
        return []
    clear = {concept for concept, one in found.items() if one.chance < _RARE}
    named = _shares({c: one for c, one in found.items() if c in clear}) or "none"
    others = _shares({c: one for c, one in found.items() if c not in clear})
    rest = f"; not clearly more than random heads for {others}" if others else ""
    return [
        "Why, measured: one head at a time was weakened. Of all that a concept loses that way, "
        f"the most relevant tenth of the heads takes more than random heads do for {named}{rest}."
    ]


def _shares(found: dict[str, Measured]) -> str:
    return ", ".join(f"{concept} {percent(one.share, 0)}" for concept, one in found.items())


def tables(found: dict[str, Measured]) -> list[Table]:
    """How much of a concept's loss its own most relevant heads take, and the others'."""
    if not found:
        return []
    lines = [
        [
            concept,
            str(one.prompts),
            percent(one.share, 0),
            f"{one.chance:.3f}",
            percent(one.others, 0),
            f"{100 * one.most:.0f} points, head {one.rank} of {one.heads}",
        ]
        for concept, one in found.items()
    ]
    return [
        {
            "title": f"One head times {FACTOR:g}: share of the loss that the most relevant tenth "
            "of the heads takes, how often random heads take as much, and the share of the "
            "other concepts' most relevant heads",
            "header": [
                "lost",
                "prompts",
                "own tenth",
                "random as much",
                "others' tenth",
                "most with a single head, its place by relevance",
            ],
            "rows": lines,
        }
    ]
