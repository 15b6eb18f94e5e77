"""Numbers to read off head relevance vectors: top heads, and how alike two concepts are."""

from __future__ import annotations

import torch
from torch import Tensor

from .heads import HeadId
from .relevance import HeadRelevance, head_order


def top_heads(relevance: HeadRelevance, concept: str, k: int = 10) -> list[tuple[HeadId, float]]:
    """The `k` most relevant heads of a concept with their HRV entries, most relevant first."""
    heads = len(relevance.heads)
    if not 1 <= k <= heads:
        raise ValueError(f"The model has {heads} heads, so 1 to {heads} can be listed; found {k}.")
    row = relevance.row(concept)
    return [(relevance.heads[i], float(row[i])) for i in head_order(row, "MoRHF")[:k].tolist()]


def top_heads_text(relevance: HeadRelevance, concept: str, k: int = 10) -> str:
    """The table of top heads as plain text, one head a line."""
    name = relevance.concepts[relevance.index(concept)]
    ranked = top_heads(relevance, concept, k)
    width = max(len(str(head)) for head, _ in ranked)
    lines = [f"{name}: top {k} heads of {relevance.heads.description}; 1 is neutral"]
    for rank, (head, value) in enumerate(ranked, start=1):
        lines.append(f"{rank:>4}  {head!s:<{width}}  {value:8.3f}")
    return "\n".join(lines)


def cosine_similarity(relevance: HeadRelevance) -> Tensor:
    """Cosine between the HRVs of every two concepts, (N, N) float64."""
    unit = torch.nn.functional.normalize(relevance.vectors.double(), dim=1)
    return (unit @ unit.T).clamp(max=1)
