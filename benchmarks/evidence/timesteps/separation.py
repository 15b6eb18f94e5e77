"""How alike HRVs are: of one concept over timestep bins, of two concepts in one bin."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from ...framework.statistics import Interval, interval_of
from ..voting import cosine, hrvs


class Separation(TypedDict):
    """across: mean cosine of a concept in two bins; within: of two concepts in one bin; interval:
    95%, of their difference, batches of prompts drawn; nearest: share of HRVs whose nearest one
    in another bin is the same concept's; apart: mean cosine by distance of the bins."""

    across: float
    within: float
    interval: Interval
    nearest: float
    apart: list[float]


def separation(votes: np.ndarray) -> Separation:
    """See `Separation`; votes (batches, T, N, H)."""
    vectors = hrvs(votes.sum(axis=0))
    across, within, apart = _means(vectors)

    def difference(drawn: np.ndarray) -> float:
        again = _means(hrvs(votes[drawn].sum(axis=0)))
        return again[0] - again[1]

    return {
        "across": across,
        "within": within,
        "interval": interval_of(difference, len(votes), rounds=400),
        "nearest": nearest_share(vectors),
        "apart": apart,
    }


def _means(vectors: np.ndarray) -> tuple[float, float, list[float]]:
    """Across bins, within bins, and across bins by their distance; vectors (T, N, H)."""
    bins, concepts, _ = vectors.shape
    same = cosine(vectors[:, None], vectors[None]).mean(axis=-1)  # T T
    other = cosine(vectors[:, :, None], vectors[:, None]).mean(axis=0)  # N N
    apart = [float(np.diagonal(same, step).mean()) for step in range(bins)]
    off = ~np.eye(bins, dtype=bool), ~np.eye(concepts, dtype=bool)
    return float(same[off[0]].mean()), float(other[off[1]].mean()), apart


def nearest_share(vectors: np.ndarray) -> float:
    """Share of HRVs (T, N, H) whose nearest one in another bin is of the same concept."""
    bins, concepts, _ = vectors.shape
    alike = cosine(vectors[:, :, None, None], vectors[None, None])  # T N T N
    alike[np.arange(bins), :, np.arange(bins)] = -1
    best = alike.reshape(bins, concepts, -1).argmax(axis=-1) % concepts
    return float((best == np.arange(concepts)).mean())
