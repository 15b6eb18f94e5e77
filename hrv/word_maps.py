"""The maps of words that a choice of heads gives, as heat, as ranks and as masks.

Selective maps are arXiv 2604.05906; DAAM is arXiv 2210.04885 with its published code.
I: images; W: words; H: heads of the model; h, w: a layer's own resolution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .heads import HeadTable
from .maps import HeadMaps, LayerMaps
from .resolution import Size

Normalisation = Literal["min-max", "relative to the maximum"]
_DAAM_COARSEST = 8


def upsample(maps: Tensor, size: Size) -> Tensor:
    """Bicubic upsampling (..., h, w) -> (..., height, width), as in DAAM; linear in the maps."""
    lead = maps.shape[:-2]
    flat = maps.reshape(1, prod(lead), *maps.shape[-2:])
    grown = interpolate(flat, size=size, mode="bicubic", align_corners=False)
    return grown.reshape(*lead, *size)


def chosen_maps(word: Sequence[LayerMaps], heads: HeadTable, chosen: Tensor) -> Iterator[Tensor]:
    """The maps (I, n, tokens, h, w) of a layer's n chosen heads, for each layer that has some.

    chosen: (H,) bool.
    """
    for layer in word:
        mine = chosen[heads.span(layer.stage, layer.layer)]
        if bool(mine.any()):
            yield layer.maps[:, mine]


def selective_map(
    word: Sequence[LayerMaps], heads: HeadTable, chosen: Tensor, size: Size
) -> Tensor:
    """Selective attention map (I, height, width): arXiv 2604.05906, equation 4.

    The mean over the chosen heads, chosen (H,) bool, of their upsampled maps, and over the
    word's tokens. Heads are summed before each layer is upsampled once, which is the same.
    """
    total, count = _zeros(word, size), 0
    for maps in chosen_maps(word, heads, chosen):
        total += upsample(maps.sum(dim=1).mean(dim=1), size)
        count += maps.shape[1]
    return total / _some(count)


def atlas(
    captured: HeadMaps, words: Sequence[Sequence[int]], chosen: Tensor, image: int, size: Size
) -> Tensor:
    """Selective attention maps (W, height, width) of W words in one image, each `selective_map`'s.

    words: the numbers of each word's tokens. Layers of a size are summed and tokens averaged before
    they are upsampled, which is the same; a whole prompt takes little longer than a word.
    """
    tokens = sorted({token for word in words for token in word})
    places = [[tokens.index(token) for token in word] for word in words]
    by_size: dict[Size, Tensor] = {}
    count = 0
    for maps, heads in captured.summed(tokens, chosen, image):
        own = maps.shape[-2], maps.shape[-1]
        by_size[own] = by_size[own] + maps if own in by_size else maps
        count += heads
    total = torch.zeros(len(words), *size)
    for maps in by_size.values():
        total += upsample(torch.stack([maps[word].mean(dim=0) for word in places]), size).cpu()
    return total / _some(count)


def times_average(maps: Tensor) -> Tensor:
    """How many times its average over the image each word is attended to at a place.

    maps: (W, height, width), one for each word, and so is the result; where bicubic curves
    undershoot it is 0. Words are ranked by it: by attention alone the same few words lead all over
    the image.
    """
    positive = maps.clamp(min=0)
    average = positive.mean(dim=(-2, -1), keepdim=True)
    return positive / average.clamp(min=torch.finfo(maps.dtype).tiny)


def daam_map(word: Sequence[LayerMaps], heads: HeadTable, chosen: Tensor, size: Size) -> Tensor:
    """DAAM's word map (I, height, width) from the chosen heads, in the order of its code.

    Every head and token is upsampled to the finest layer's size and clamped at 0, since bicubic
    curves undershoot; then the mean over heads and over tokens; then bicubic to `size`.
    """
    finest = max((layer.size for layer in word), key=prod)
    total, count = _zeros(word, finest), 0
    for maps in chosen_maps(word, heads, chosen):
        total += upsample(maps, finest).clamp(min=0).sum(dim=1).mean(dim=1)
        count += maps.shape[1]
    return upsample(total / _some(count), size)


def daam_heads(word: Sequence[LayerMaps], heads: HeadTable, latent: Size) -> Tensor:
    """The heads DAAM looks at, (H,) bool: not the mid block, not 1/64 of the latent's pixels.

    On SD1.x at 512 x 512 these are 120 of 128; of transformers, whose layers are all alike, all.
    """
    if heads.architecture:
        return torch.ones(len(heads), dtype=torch.bool)
    chosen = torch.zeros(len(heads), dtype=torch.bool)
    for layer in word:
        factor = round((prod(latent) / prod(layer.size)) ** 0.5)
        span = heads.span(layer.stage, layer.layer)
        chosen[span] = layer.stage != "mid" and factor < _DAAM_COARSEST
    return chosen


def _zeros(word: Sequence[LayerMaps], size: Size) -> Tensor:
    return word[0].maps.new_zeros((word[0].maps.shape[0], *size))


def _some(count: int) -> int:
    if count == 0:
        raise ValueError(
            "None of the chosen heads has a map: their layers were not captured. Choose more heads."
        )
    return count


def normalise(maps: Tensor, how: Normalisation) -> Tensor:
    """Heat (I, height, width): min-max to 0..1 as in DAAM's code, or divided by the maximum.

    ValueError if a map is 0 everywhere; a flat map has heat 0 under min-max.
    """
    top, low = maps.amax(dim=(-2, -1), keepdim=True), maps.amin(dim=(-2, -1), keepdim=True)
    if bool((top <= 0).any()):
        raise ValueError(
            "The word was never attended: its map is 0 everywhere. Choose other heads or a word "
            "that the image shows."
        )
    if how == "relative to the maximum":
        return maps / top
    return (maps - low) / (top - low).clamp(min=torch.finfo(maps.dtype).tiny)


def segment(heat: Tensor, threshold: float) -> Tensor:
    """Mask, bool: heat strictly above the threshold (arXiv 2604.05906, section 3.2)."""
    return heat > threshold


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union (I,) of two masks (I, height, width) bool; 1 where both are empty."""
    both, either = (a & b).sum(dim=(-2, -1)), (a | b).sum(dim=(-2, -1))
    return torch.where(either > 0, both / either.clamp(min=1), 1.0)
