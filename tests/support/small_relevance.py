"""A head relevance vector of four heads."""

from __future__ import annotations

import torch

from hrv_pack.hrv.heads import HeadTable, head_table
from hrv_pack.hrv.relevance import HeadRelevance

HEADS = HeadTable((("down", 0, 2), ("up", 0, 2)))


def relevance(concept: str) -> HeadRelevance:
    """Of this concept and of Color."""
    vectors = torch.tensor([[0.5, 1.5, 1.25, 0.75], [1.0, 0.1, 0.9, 2.0]])
    return HeadRelevance((concept, "Color"), (("a",), ("b",)), HEADS, vectors)


def of_model(model) -> HeadRelevance:
    """Of Color and Animals, for a MODEL."""
    heads = head_table(model.get_model_object("diffusion_model"))
    votes = torch.rand(2, len(heads), generator=torch.Generator().manual_seed(3))
    vectors = votes * len(heads) / votes.sum(dim=1, keepdim=True)
    return HeadRelevance(("Color", "Animals"), (("red",), ("cat",)), heads, vectors)
