"""Heads by the resolution of their maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...hrv.heads import HeadTable
from ...hrv.maps import LayerMaps
from ...hrv.resolution import Size


def heads_by_size(word: Sequence[LayerMaps], heads: HeadTable) -> dict[Size, Tensor]:
    """Resolution (h, w), finest first -> its heads, (H,) bool."""
    found: dict[Size, Tensor] = {}
    for size in sorted({layer.size for layer in word}, reverse=True):
        found[size] = torch.zeros(len(heads), dtype=torch.bool)
        for layer in word:
            found[size][heads.span(layer.stage, layer.layer)] = layer.size == size
    return found
