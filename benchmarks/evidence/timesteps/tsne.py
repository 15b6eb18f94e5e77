"""t-SNE of a few hundred points, exactly (van der Maaten and Hinton, JMLR 9, 2008)."""

from __future__ import annotations

import numpy as np

PERPLEXITY = 12.0
STEPS = 700
_EARLY, _EXAGGERATION = 150, 4.0


def squared_distances(points: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (n, n) of points (n, d)."""
    squares = (points**2).sum(axis=1)
    found = squares[:, None] + squares[None] - 2 * points @ points.T
    return np.maximum(found, 0)


def affinities(points: np.ndarray, perplexity: float = PERPLEXITY) -> np.ndarray:
    """Joint probabilities p_ij (n, n), equation 1 with the widths of a given perplexity."""
    distances = squared_distances(points)
    rows = np.stack([_row(line, i, perplexity) for i, line in enumerate(distances)])
    return (rows + rows.T) / (2 * len(points))


def _row(distances: np.ndarray, own: int, perplexity: float) -> np.ndarray:
    """p_j|i of one point: the precision is found by bisection of the entropy."""
    others = np.delete(distances, own)
    others = others - others.min()
    low, high, precision = 0.0, np.inf, 1.0 / max(float(others.mean()), 1e-12)
    for _ in range(60):
        weights = np.exp(-others * precision)
        shares = weights / weights.sum()
        entropy = -(shares * np.log(np.maximum(shares, 1e-300))).sum()
        if entropy > np.log(perplexity):
            low, precision = precision, precision * 2 if high == np.inf else (precision + high) / 2
        else:
            high, precision = precision, (low + precision) / 2
    return np.insert(shares, own, 0.0)


def tsne(points: np.ndarray, perplexity: float = PERPLEXITY) -> np.ndarray:
    """Places (n, 2) of points (n, d), from their first two principal components on.

    The same points give the same places; nothing is drawn at random.
    """
    p = affinities(points, min(perplexity, (len(points) - 1) / 3))
    centred = points - points.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    places = left[:, :2] * sizes[:2]
    places = places / max(float(places.std()), 1e-12) * 1e-2
    speed, gains = np.zeros_like(places), np.ones_like(places)
    for step in range(STEPS):
        early = step < _EARLY
        slope = gradient(p * (_EXAGGERATION if early else 1.0), places)
        same = np.sign(slope) == np.sign(speed)
        gains = np.maximum(np.where(same, gains * 0.8, gains + 0.2), 0.01)
        speed = (0.5 if early else 0.8) * speed - len(points) / 3 * gains * slope
        places = places + speed
        places = places - places.mean(axis=0)
    return places


def gradient(p: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Gradient (n, 2) of the Kullback-Leibler divergence, equation 5."""
    near = 1 / (1 + squared_distances(places))
    np.fill_diagonal(near, 0)
    pull = (p - near / near.sum()) * near
    return 4 * (pull.sum(axis=1)[:, None] * places - pull @ places)


def divergence(p: np.ndarray, places: np.ndarray) -> float:
    """The Kullback-Leibler divergence that t-SNE lowers."""
    near = 1 / (1 + squared_distances(places))
    np.fill_diagonal(near, 0)
    q = near / near.sum()
    seen = p > 0
    return float((p[seen] * np.log(p[seen] / q[seen])).sum())
