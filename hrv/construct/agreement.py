"""How settled HRVs are: the vectors of one half of the images against those of the other."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..similarity import cosine
from .vectors import vectors_of


@dataclass(frozen=True)
class Agreement:
    """Split-half agreement: cosine and rank correlation (Spearman) of each concept's two HRVs.

    (N,) float64 each; 0 for a concept that won no vote in one of the halves. known: whether both
    halves have an image.
    """

    cosine: Tensor
    rank: Tensor
    known: bool = True

    @property
    def worst(self) -> int:
        """The concept whose halves agree least, by cosine."""
        return int(self.cosine.argmin())

    def summary(self, concepts: tuple[str, ...]) -> str:
        """One line: mean and worst."""
        if not self.known:
            return "halves agree: not known before both have an image"
        name, worst = concepts[self.worst], float(self.cosine.min())
        return (
            f"halves agree: cosine {float(self.cosine.mean()):.3f} (worst {worst:.3f}, {name}), "
            f"rank {float(self.rank.mean()):.3f} (worst {float(self.rank.min()):.3f})"
        )

    def table(self, concepts: tuple[str, ...]) -> str:
        """Every concept with its two figures, the least settled first."""
        width = max(map(len, concepts))
        order = self.cosine.argsort().tolist()
        rows = [(concepts[i], float(self.cosine[i]), float(self.rank[i])) for i in order]
        return "\n".join(f"{name:<{width}}  {c:6.3f}  {r:6.3f}" for name, c, r in rows)


def split_half(votes: Tensor) -> Agreement:
    """Agreement of the HRVs of the two halves; votes: (2, T, N, H) int64."""
    halves = votes.sum(dim=1)
    known = bool((halves.sum(dim=(1, 2)) > 0).all())
    return vectors_agreement(vectors_of(halves), known)


def vectors_agreement(vectors: Tensor, known: bool) -> Agreement:
    """Agreement of the vectors of two halves, (2, N, H); known: whether both have an image.

    Spearman's rank correlation is the cosine of the centred ranks.
    """
    ranks = torch.stack([_ranks(row) for row in vectors.flatten(0, 1)]).unflatten(0, (2, -1))
    centred = ranks - ranks.mean(dim=-1, keepdim=True)
    return Agreement(cosine(*vectors), cosine(*centred), known)


def _ranks(values: Tensor) -> Tensor:
    """Ranks from 0, equal values sharing the mean of theirs; (H,) float64."""
    _, inverse, counts = values.unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double() - 1
    return (last - (counts.double() - 1) / 2)[inverse]
