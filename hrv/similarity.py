"""How alike vectors are: cosines of HRVs, and of the HRVs of different timestep bins.

HRV is arXiv 2412.02237. N: concepts; H: cross-attention heads of the model; T: timestep bins.
"""

from __future__ import annotations

import torch
from torch import Tensor


def _unit(vectors: Tensor) -> Tensor:
    """Vectors (..., H) in float64 at length 1; zeros stay zeros."""
    return torch.nn.functional.normalize(vectors.double(), dim=-1)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """Cosine of each vector of a (..., H) and its partner in b, (...) float64; 0 where one is 0."""
    return (_unit(a) * _unit(b)).sum(dim=-1)


def cosine_matrix(vectors: Tensor) -> Tensor:
    """Cosine of every two of the vectors (..., N, H), (..., N, N) float64; 0 where one is 0."""
    unit = _unit(vectors)
    return (unit @ unit.mT).clamp(max=1)


def separation(vectors: Tensor) -> tuple[float, float]:
    """Mean cosine of a concept's HRVs in two timestep bins, and of two concepts in one bin.

    vectors: (T, N, H). HRV, figure 47(a), has the first for each concept. Where concepts separate
    and timestep bins do not, the first is the larger.
    """
    across = cosine_matrix(vectors.transpose(0, 1)).mean(dim=0)
    within = cosine_matrix(vectors).mean(dim=0)
    return _off_diagonal(across), _off_diagonal(within)


def _off_diagonal(square: Tensor) -> float:
    size = len(square)
    return float((square.sum() - square.diagonal().sum()) / (size * (size - 1)))


def plane(vectors: Tensor) -> Tensor:
    """The first two principal components of HRVs (T, N, H) of unit length: (T, N, 2).

    HRV, figure 10, draws the same vectors by t-SNE.
    """
    flat = _unit(vectors).flatten(0, 1)
    centred = flat - flat.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    return (centred @ directions[:2].T).unflatten(0, vectors.shape[:2])
