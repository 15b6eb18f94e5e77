"""Agreement of HRVs by the number of prompts, and how alike concepts are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from ...framework.statistics import SEED
from ..voting import cosine, hrvs
from .sets import SetRow

COUNTS = (1, 2, 5, 10, 20, 50, 100)
DRAWS = 40


class Agreement(TypedDict):
    """Cosine of HRVs from two disjoint lots of n prompts, for each n.

    mean, low, high: of the mean over concepts, middle 95% of 40 draws; worst: mean of the concept
    that agrees least; lost: mean number of concepts without any vote.
    """

    counts: list[int]
    mean: list[float]
    low: list[float]
    high: list[float]
    worst: list[float]
    lost: list[float]


class Kin(TypedDict):
    """A concept's agreement between two runs, its cosines with the other concepts (each), their
    mean, the nearest one with its cosine, and its share of all votes."""

    agreement: float
    others: float
    each: dict[str, float]
    nearest: tuple[str, float]
    votes: float


Kinship = dict[str, dict[str, Kin]]
"""Set -> concept -> its kin."""


def agreement_by_count(votes: np.ndarray) -> Agreement:
    """See `Agreement`; votes (prompts, N, H)."""
    rng = np.random.default_rng(SEED)
    counts = [n for n in COUNTS if 2 * n <= len(votes)]
    found: Agreement = {
        "counts": counts,
        "mean": [],
        "low": [],
        "high": [],
        "worst": [],
        "lost": [],
    }
    for n in counts:
        drawn = [_two_lots(votes, n, rng) for _ in range(DRAWS)]
        alike = np.stack([cosine(hrvs(a), hrvs(b)) for a, b in drawn])  # draws N
        means = alike.mean(axis=1)
        low, high = np.quantile(means, (0.025, 0.975))
        found["mean"].append(float(means.mean()))
        found["low"].append(float(low))
        found["high"].append(float(high))
        found["worst"].append(float(alike.mean(axis=0).min()))
        found["lost"].append(float(np.mean([(a.sum(axis=1) == 0).sum() for a, _ in drawn])))
    return found


def _two_lots(votes: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    chosen = rng.permutation(len(votes))[: 2 * n]
    return votes[chosen[:n]].sum(axis=0), votes[chosen[n:]].sum(axis=0)


def kinship(rows: Sequence[SetRow]) -> Kinship:
    """By set, from two rows of each, of different prompts."""
    found: Kinship = {}
    for name in dict.fromkeys(row["set"] for row in rows):
        pair = [row for row in rows if row["set"] == name]
        if len(pair) < 2:
            continue
        concepts = pair[0]["concepts"]
        votes = np.array([row["votes"] for row in pair])
        agreement = cosine(hrvs(votes[0]), hrvs(votes[1]))
        both = hrvs(votes.sum(axis=0))
        alike = cosine(both[:, None], both[None])
        np.fill_diagonal(alike, np.nan)
        shares = votes.sum(axis=(0, 2)) / votes.sum()
        found[name] = {
            concept: {
                "agreement": float(agreement[i]),
                "others": float(np.nanmean(alike[i])),
                "each": {c: float(alike[i, j]) for j, c in enumerate(concepts) if j != i},
                "nearest": (concepts[int(np.nanargmax(alike[i]))], float(np.nanmax(alike[i]))),
                "votes": float(shares[i]),
            }
            for i, concept in enumerate(concepts)
        }
    return found
