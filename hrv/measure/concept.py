"""What keeps a concept in an image: head effects between a prompt and one with another word.

I: images; N: concepts; H: cross-attention heads. P is a full prompt and P' the same with one
concept's word swapped for another. At a step of P's trajectory, with D(r) the clean latent that
the model predicts for P whose semantic tokens have their maps rescaled by r:

    way = D(P) - D(P')        s(r) = <D(r), way> / |way|^2        g = mean of ds/dr at r = 1

over prompts, other words, images and steps. s is linear in D, so that the mean over the other
words of one prompt is one gradient, along the mean of their directions way / |way|^2. g[h] > 0:
head h holds the concept as it was asked for. Own method: no paper has these equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .effect import way_direction


def swap_direction(plain: Tensor, swapped: Sequence[Tensor]) -> Tensor:
    """Mean of way / |way|^2 over the P' of one concept, with way = D(P) - D(P').

    plain and each of `swapped` (I, channels, height, width), as the `wide` result. ValueError
    where a way has no length: the model draws both words alike.
    """
    return torch.stack([way_direction(plain - other) for other in swapped]).mean(dim=0)


@dataclass(frozen=True, eq=False)
class ConceptEffects:
    """Sums of ds/dr over images and steps: sums (N, H) float64; counts (N,) int64 of both.

    Sums of several prompts add up: in any order but for the rounding of float64 (relative 1e-15
    an addition).
    """

    sums: Tensor
    counts: Tensor

    @classmethod
    def none(cls, concepts: int, heads: int) -> ConceptEffects:
        """Nothing measured yet."""
        sums = torch.zeros(concepts, heads, dtype=torch.float64)
        return cls(sums, torch.zeros(concepts, dtype=torch.int64))

    def with_images(self, concept: int, effects: Tensor) -> ConceptEffects:
        """These and the effects (I, H) of some images on one concept; ValueError if not finite."""
        if not bool(effects.isfinite().all()):
            raise ValueError(
                "The gradient of a step is not finite. Load the model in bfloat16 or float32."
            )
        sums, counts = self.sums.clone(), self.counts.clone()
        sums[concept] += effects.detach().cpu().double().sum(dim=0)
        counts[concept] += len(effects)
        return ConceptEffects(sums, counts)


def mean_effects(sums: Tensor, counts: Tensor) -> Tensor:
    """g (..., N, H) float64 of sums (..., N, H) and counts (..., N); 0 where nothing is counted."""
    return sums / counts.clamp(min=1)[..., None]
