"""The scale of each head before its softmax, averaged over images and steps (table 4 of HRV)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..heads import HeadTable

_LISTED = 3  # heads at each end


@dataclass(eq=False)
class HeadScales:
    """Sums of `logit_scale` over `count` looks; total: (H,) float64.

    Heads of a large scale would rule where scores are added up, which is why the paper counts
    votes (HRV, arXiv 2412.02237, appendix B.2).
    """

    heads: HeadTable
    total: Tensor
    count: int = 0

    @classmethod
    def none(cls, heads: HeadTable) -> HeadScales:
        """No look yet."""
        with torch.inference_mode(False):
            return cls(heads, torch.zeros(len(heads), dtype=torch.float64))

    def add(self, scales: Tensor) -> None:
        """Count looks (B, H)."""
        self.total += scales.cpu().double().sum(dim=0)
        self.count += len(scales)

    @property
    def mean(self) -> Tensor:
        """Mean scale of each head, (H,) float64; zeros without a look."""
        return self.total / max(1, self.count)

    def summary(self) -> str:
        """The largest, the smallest and their ratio; empty without a look."""
        if not self.count:
            return ""
        order = self.mean.argsort(descending=True).tolist()
        ends = [", ".join(map(self._named, order[:_LISTED]))]
        ends += [", ".join(map(self._named, order[-_LISTED:]))]
        ratio = float(self.mean.max() / self.mean.min().clamp(min=1e-12))
        return (
            f"scale of the heads before the softmax, mean |QK/sqrt(d)|: {ends[0]} ... {ends[1]}; "
            f"largest over smallest {ratio:.3g}"
        )

    def _named(self, head: int) -> str:
        return f"{self.heads.names[head]}: {float(self.mean[head]):.3g}"
