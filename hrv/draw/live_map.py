"""A small image of growing HRVs, quick enough to draw between two sampled images."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from .canvas import DARK, Pixels, colours
from .heat_maps import relevance_level, top_of

_WIDTH, _ROW = 1024, 12


def live_map(vectors: Tensor) -> Pixels:
    """Concepts (rows) x heads (columns) of HRVs (N, H), 1 neutral, as (height, width, 3) uint8.

    A concept of which nothing is known yet has a row of 0.
    """
    levels = relevance_level(vectors.numpy(), top_of(vectors))
    cells = (colours(levels, DARK.relevance)[..., :3] * 255).astype(np.uint8)
    wide = max(1, _WIDTH // vectors.shape[1])
    tall = max(_ROW, min(48, 384 // len(vectors)))
    return cells.repeat(tall, axis=0).repeat(wide, axis=1)
