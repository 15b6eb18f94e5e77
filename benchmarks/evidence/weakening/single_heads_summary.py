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
class Alone:
    """What one concept loses with single heads, the mean over the prompts that have it.

    share: of the most relevant tenth of the heads in the whole loss; chance: how often random
    heads take as much; most: the largest loss with a single head, which is number `rank` by
    relevance of `heads`.
    """

    prompts: int
    share: float
    chance: float
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


def alone(rows: Sequence[SingleHeadsRow]) -> dict[str, dict[str, Alone]]:
    """Source -> concept -> what it loses, in the order of the source's concepts."""
    if not rows:
        return {}
    prompts = [prompt["lost"] for row in rows for prompt in row["prompts"]]
    present = {concept for lost in prompts for concept in lost}
    return {
        source: {c: _alone(prompts, c, row) for c, row in vectors.items() if c in present}
        for source, vectors in rows[0]["vectors"].items()
    }


def _alone(
    prompts: Sequence[dict[str, list[float]]], concept: str, relevance: Sequence[float]
) -> Alone:
    mine = [lost[concept] for lost in prompts if concept in lost]
    lost = np.mean(mine, axis=0)
    top = int(lost.argmax())
    return Alone(
        prompts=len(mine),
        share=share(relevance, lost),
        chance=chance(relevance, lost),
        most=float(lost[top]),
        rank=int(rankdata(-np.array(relevance), method="min")[top]),
        heads=len(lost),
    )


def findings(found: dict[str, dict[str, Alone]]) -> list[str]:
    """For which concepts the most relevant heads are those that count, source by source."""
    told = []
    for source, each in found.items():
        clear = {concept for concept, one in each.items() if one.chance < _RARE}
        named = _shares({c: one for c, one in each.items() if c in clear}) or "none"
        others = _shares({c: one for c, one in each.items() if c not in clear})
        rest = f"; not clearly more than random heads for {others}" if others else ""
        told.append(
            "Why: one head at a time was weakened. Of all that a concept loses that way, the most "
            f"relevant tenth of the heads ({source}) takes more than random heads do for "
            f"{named}{rest}."
        )
    return told


def _shares(found: dict[str, Alone]) -> str:
    return ", ".join(f"{concept} {percent(one.share, 0)}" for concept, one in found.items())


def tables(found: dict[str, dict[str, Alone]]) -> list[Table]:
    """How much of a concept's loss its own most relevant heads take."""
    if not found:
        return []
    lines = [
        [
            concept,
            source,
            str(one.prompts),
            percent(one.share, 0),
            f"{one.chance:.3f}",
            f"{100 * one.most:.0f} points, head {one.rank} of {one.heads}",
        ]
        for source, each in found.items()
        for concept, one in each.items()
    ]
    return [
        {
            "title": f"One head times {FACTOR:g}: share of the loss that the most relevant tenth "
            "of the heads takes, and how often random heads take as much",
            "header": [
                "lost",
                "vectors",
                "prompts",
                "own tenth",
                "random as much",
                "most with a single head, its place by relevance",
            ],
            "rows": lines,
        }
    ]
