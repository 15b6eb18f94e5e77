"""What a perfect map of a resolution would give."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor
from torch.nn.functional import interpolate

from ....hrv.maps import LayerMaps
from ....hrv.word_maps import normalise, upsample


def perfect(word: list[LayerMaps], masks: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Each size of maps, with the heat (I, h, w) of maps that are exact there: its most.

    masks: (I, h, w) bool.
    """
    for size in sorted({layer.size for layer in word}, reverse=True):
        coarse = interpolate(masks[:, None].float(), size=size, mode="area")[:, 0]
        grown = upsample(coarse, (masks.shape[1], masks.shape[2])).clamp(min=1e-9)
        heat = normalise(grown, "min-max")
        yield f"{size[0]} x {size[1]}", heat
