"""How alike HRVs are: of one concept over timestep bins, of two concepts in one bin."""

from __future__ import annotations

import numpy as np

from ...framework.statistics import Interval, interval_of
from ..voting import cosine, hrvs
from .alike import Alike, alike


class Separation(Alike):
    """interval: 95%, of across - within, batches of prompts drawn; nearest: share of HRVs whose
    nearest one in another bin is the same concept's."""

    interval: Interval
    nearest: float


def separation(votes: np.ndarray) -> Separation:
    """See `Separation`; votes (batches, T, N, H)."""
    vectors = hrvs(votes.sum(axis=0))

    def difference(drawn: np.ndarray) -> float:
        again = alike(hrvs(votes[drawn].sum(axis=0)))
        return again["across"] - again["within"]

    return {
        **alike(vectors),
        "interval": interval_of(difference, len(votes), rounds=400),
        "nearest": nearest_share(vectors),
    }


def nearest_share(vectors: np.ndarray) -> float:
    """Share of HRVs (T, N, H) whose nearest one in another bin is of the same concept."""
    bins, concepts, _ = vectors.shape
    alike = cosine(vectors[:, :, None, None], vectors[None, None])  # T N T N
    alike[np.arange(bins), :, np.arange(bins)] = -1
    best = alike.reshape(bins, concepts, -1).argmax(axis=-1) % concepts
    return float((best == np.arange(concepts)).mean())
