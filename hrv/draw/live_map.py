"""A small image of growing HRVs, quick enough to draw between two sampled images."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ..construct.vectors import vectors_of
from .canvas import DARK, Pixels, colours
from .heat_maps import relevance_level, top_of

_WIDTH, _ROW = 1024, 12


def live_map(votes: Tensor) -> Pixels:
    """Concepts (rows) x heads (columns) of votes (N, H), as (height, width, 3) uint8.

    A concept without any vote yet is drawn as 0.
    """
    vectors = vectors_of(votes)
    levels = relevance_level(vectors.numpy(), top_of(vectors))
    cells = (colours(levels, DARK.relevance)[..., :3] * 255).astype(np.uint8)
    wide = max(1, _WIDTH // votes.shape[1])
    tall = max(_ROW, min(48, 384 // len(votes)))
    return cells.repeat(tall, axis=0).repeat(wide, axis=1)
