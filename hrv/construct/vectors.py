"""From votes to HRVs: the normalisation of HRV (arXiv 2412.02237), Algorithm 1.

N: concepts; H: cross-attention heads of the model.
"""

from __future__ import annotations

import torch
from torch import Tensor


def vectors_of(votes: Tensor) -> Tensor:
    """HRVs (..., N, H) float64 of votes (..., N, H): shares in each head, then rows of L1 norm H.

    A head that no concept won counts 0; so does a whole row whose concept won no vote.
    """
    counts = votes.double()
    shares = counts / counts.sum(dim=-2, keepdim=True).clamp(min=1)
    totals = shares.sum(dim=-1, keepdim=True)
    return shares * (votes.shape[-1] / torch.where(totals > 0, totals, 1.0))


def normalise_votes(votes: Tensor, concepts: tuple[str, ...] = ()) -> Tensor:
    """HRVs (N, H) float32 of votes (N, H), as a `HeadRelevance` holds them.

    ValueError names a concept without any vote, for its row has no direction.
    """
    for i in (votes.sum(dim=1) == 0).nonzero().flatten().tolist():
        name = repr(concepts[i]) if concepts else f"number {i}"
        raise ValueError(
            f"Concept {name} won no vote in any head, so it has no HRV. Use more prompts or "
            "steps, or other concept-words, or leave it out."
        )
    return vectors_of(votes).float()
