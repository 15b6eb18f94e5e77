"""Agreement of HRVs by the number of prompts, and how alike concepts are."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...framework.statistics import SEED
from ..framework import Rows
from ..voting import cosine, hrvs

COUNTS = (1, 2, 5, 10, 20, 50, 100)
DRAWS = 40


def agreement_by_count(votes: np.ndarray) -> dict[str, Any]:
    """Cosine of HRVs from two disjoint lots of n prompts each; votes (prompts, N, H).

    counts: n; mean, low, high: of the mean over concepts, middle 95% of 40 draws; worst: mean of
    the concept that agrees least; lost: mean number of concepts without any vote.
    """
    rng = np.random.default_rng(SEED)
    counts = [n for n in COUNTS if 2 * n <= len(votes)]
    table: dict[str, list[float]] = {key: [] for key in ("mean", "low", "high", "worst", "lost")}
    for n in counts:
        drawn = [_two_lots(votes, n, rng) for _ in range(DRAWS)]
        alike = np.stack([cosine(hrvs(a), hrvs(b)) for a, b in drawn])  # draws N
        means = alike.mean(axis=1)
        low, high = np.quantile(means, (0.025, 0.975))
        table["mean"].append(float(means.mean()))
        table["low"].append(float(low))
        table["high"].append(float(high))
        table["worst"].append(float(alike.mean(axis=0).min()))
        table["lost"].append(float(np.mean([(a.sum(axis=1) == 0).sum() for a, _ in drawn])))
    return {"counts": counts, **table}


def _two_lots(votes: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    chosen = rng.permutation(len(votes))[: 2 * n]
    return votes[chosen[:n]].sum(axis=0), votes[chosen[n:]].sum(axis=0)


def kinship(rows: list[Rows]) -> dict[str, Any]:
    """By set: each concept's agreement between two runs, its nearest other concept, its votes.

    rows: two of each set, from different prompts. agreement, others (mean cosine with the other
    concepts), each (the cosines), nearest (name and cosine), votes (share of all).
    """
    found: dict[str, Any] = {}
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
                "nearest": [concepts[int(np.nanargmax(alike[i]))], float(np.nanmax(alike[i]))],
                "votes": float(shares[i]),
            }
            for i, concept in enumerate(concepts)
        }
    return found
