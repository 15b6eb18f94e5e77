"""Heads by the resolution of their maps, and what a perfect map of a resolution would give."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ....hrv.heads import HeadTable
from ....hrv.maps import LayerMaps
from ....hrv.word_maps import normalise, upsample


def heads_by_size(word: list[LayerMaps], heads: HeadTable) -> dict[tuple[int, int], Tensor]:
    """Resolution (h, w), finest first -> its heads, (H,) bool."""
    found: dict[tuple[int, int], Tensor] = {}
    for size in sorted({layer.size for layer in word}, reverse=True):
        found[size] = torch.zeros(len(heads), dtype=torch.bool)
        for layer in word:
            found[size][heads.span(layer.stage, layer.layer)] = layer.size == size
    return found


def perfect(word: list[LayerMaps], masks: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Heat (I, h, w) of maps that are exact at a layer's size: the most that size can give.

    masks: (I, h, w) bool.
    """
    for size in sorted({layer.size for layer in word}, reverse=True):
        coarse = interpolate(masks[:, None].float(), size=size, mode="area")[:, 0]
        grown = upsample(coarse, (masks.shape[1], masks.shape[2])).clamp(min=1e-9)
        heat = normalise(grown, "min-max")
        yield f"a perfect map of {size[0]} x {size[1]}", heat
