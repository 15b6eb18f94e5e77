"""What a measured vector has of its own, beside what all concepts of its file share.

N: concepts; H: cross-attention heads. Own method: no paper has these equations.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .precision import wide

_NOTHING = 1e-6


def specific(vectors: Tensor) -> Tensor:
    """u - <u, m> m of each vector, (N, H) `wide`: its unit vector without the shared direction.

    u = g / |g|, and m = mean(u) / |mean(u)| over the N vectors (N, H): the heads that keep any
    concept in the image. The lengths of the vectors do not count. ValueError for fewer than two,
    for one without effects, and where no direction is shared, as by the two readings of one word.
    """
    if len(vectors) < 2:
        raise ValueError(
            "What a concept has of its own shows beside other concepts, but these vectors are of "
            "one. Connect vectors of two concepts or more (HRV Construct, recipe measured)."
        )
    lengths = wide(vectors).norm(dim=1, keepdim=True)
    if not bool((lengths.isfinite() & (lengths > 0)).all()):
        raise ValueError(
            "No head has an effect on one of these concepts, so the concepts cannot be compared. "
            "Measure them again with more prompts."
        )
    unit = wide(vectors) / lengths
    shared = unit.mean(dim=0)
    if float(shared.norm()) < _NOTHING:
        raise ValueError(
            "These vectors have nothing in common, as the two readings of one word, so nothing can "
            "be left out. Connect vectors of several concepts (HRV Construct, recipe measured)."
        )
    shared = shared / shared.norm()
    return unit - torch.outer(unit @ shared, shared)
