"""Cosines of HRVs over the denoising: of concepts, and of timesteps as in figure 47(b)."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from ..voting import cosine


class Alike(TypedDict):
    """across: mean cosine of a concept at two timesteps; within: of two concepts at one timestep;
    apart: of a concept by the distance of the timesteps; means: cosines (T, T) of the means over
    all concepts, figure 47(b) of arXiv 2412.02237."""

    across: float
    within: float
    apart: list[float]
    means: list[list[float]]


def alike(vectors: np.ndarray) -> Alike:
    """See `Alike`; vectors (T, N, H)."""
    steps, concepts, _ = vectors.shape
    same = cosine(vectors[:, None], vectors[None]).mean(axis=-1)  # T T
    other = cosine(vectors[:, :, None], vectors[:, None]).mean(axis=0)  # N N
    off = ~np.eye(steps, dtype=bool), ~np.eye(concepts, dtype=bool)
    mean = vectors.mean(axis=1)
    return {
        "across": float(same[off[0]].mean()),
        "within": float(other[off[1]].mean()),
        "apart": [float(np.diagonal(same, step).mean()) for step in range(steps)],
        "means": np.round(cosine(mean[:, None], mean[None]), 5).tolist(),
    }


def tenths(vectors: np.ndarray) -> np.ndarray:
    """Means (10, N, H) over ten nearly equal shares of the timesteps; vectors (T, N, H)."""
    return np.stack([part.mean(axis=0) for part in np.array_split(vectors, 10)])


def off_diagonal(means: list[list[float]]) -> tuple[float, float]:
    """The lowest and the mean cosine of two different timesteps, of `Alike.means`."""
    square = np.array(means)
    others = square[~np.eye(len(square), dtype=bool)]
    return float(others.min()), float(others.mean())
