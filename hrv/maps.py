"""Attention maps of words, kept head by head, and the maps that a choice of heads gives.

Selective maps are arXiv 2604.05906; DAAM is arXiv 2210.04885 with its published code.
I: images; H: heads of the model; h, w: a layer's own resolution; T: captured tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .heads import HeadTable, Stage
from .resolution import Size, layer_size

Normalisation = Literal["min-max", "relative to the maximum"]
_DAAM_COARSEST = 8


@dataclass(frozen=True)
class LayerMaps:
    """Mean maps of one layer: `maps` (I, heads, tokens, h, w) float32."""

    stage: Stage
    layer: int
    maps: Tensor

    @property
    def size(self) -> Size:
        """(h, w)."""
        return self.maps.shape[-2], self.maps.shape[-1]


class HeadMaps:
    """Attention maps of T tokens summed over evaluations, for every head of a model.

    Bicubic upsampling is linear, so sums stay at each layer's own resolution and are upsampled
    once, whichever heads are asked for afterwards. latent: (height, width) of the latent.
    """

    def __init__(self, heads: HeadTable, tokens: int, latent: Size) -> None:
        self.heads, self.tokens, self.latent = heads, tokens, latent
        self._sums: dict[tuple[Stage, int], Tensor] = {}
        self._counts: dict[tuple[Stage, int], list[int]] = {}

    def add(self, stage: Stage, layer: int, maps: Tensor, first: int) -> bool:
        """Add one evaluation's maps (I, heads, pixels, n) of tokens first .. first + n - 1.

        False, with nothing added, if the pixels or images are not those of earlier evaluations.
        """
        images, heads, pixels, count = maps.shape
        key = (stage, layer)
        if key not in self._sums:
            if layer_size(self.latent, pixels) is None:
                return False
            self._sums[key] = maps.new_zeros((images, heads, self.tokens, pixels))
            self._counts[key] = [0] * self.tokens
        total = self._sums[key]
        if (*total.shape[:2], total.shape[3]) != maps.shape[:3]:
            return False
        total[:, :, first : first + count] += maps.transpose(-1, -2)
        for token in range(first, first + count):
            self._counts[key][token] += 1
        return True

    @property
    def nbytes(self) -> int:
        """Memory taken by the sums."""
        return sum(total.nbytes for total in self._sums.values())

    def to(self, device: torch.device | str) -> HeadMaps:
        """The same maps on another device; self keeps its own."""
        moved = HeadMaps(self.heads, self.tokens, self.latent)
        moved._sums = {key: total.to(device) for key, total in self._sums.items()}
        moved._counts = {key: list(count) for key, count in self._counts.items()}
        return moved

    def evaluations(self, token: int) -> int:
        """How often a token's maps were added, in the layer that has most."""
        return max((counts[token] for counts in self._counts.values()), default=0)

    def means(self, columns: Sequence[int]) -> list[LayerMaps]:
        """Mean over evaluations of the tokens with these numbers, layer by layer.

        ValueError if one of them took part in no evaluation.
        """
        if not all(self.evaluations(token) for token in columns):
            raise ValueError(
                "This word took part in no step of the sampling, so it has no attention map. "
                "Check the prompt's own timestep range, and that the sampler used this prompt."
            )
        return [self._mean(stage, layer, columns) for stage, layer, _ in self._captured(columns)]

    def _captured(self, columns: Sequence[int]) -> list[tuple[Stage, int, int]]:
        found = [(p, n) for p, n in self._sums if all(self._counts[p, n][c] for c in columns)]
        return [layer for layer in self.heads.layers if layer[:2] in found]

    def _mean(self, stage: Stage, layer: int, columns: Sequence[int]) -> LayerMaps:
        total, counts = self._sums[stage, layer], self._counts[stage, layer]
        evaluations = total.new_tensor([[counts[c]] for c in columns])
        mean = total[:, :, list(columns)].float() / evaluations  # I heads n pixels
        size = layer_size(self.latent, total.shape[3])
        if size is None:
            raise ValueError(f"{total.shape[3]} pixels do not belong to a latent {self.latent}.")
        return LayerMaps(stage, layer, mean.unflatten(-1, size))


def upsample(maps: Tensor, size: Size) -> Tensor:
    """Bicubic upsampling (..., h, w) -> (..., height, width), as in DAAM; linear in the maps."""
    lead = maps.shape[:-2]
    flat = maps.reshape(1, prod(lead), *maps.shape[-2:])
    grown = interpolate(flat, size=size, mode="bicubic", align_corners=False)
    return grown.reshape(*lead, *size)


def selective_map(
    word: Sequence[LayerMaps], heads: HeadTable, chosen: Tensor, size: Size
) -> Tensor:
    """Selective attention map (I, height, width): arXiv 2604.05906, equation 2.

    The mean over the chosen heads, chosen (H,) bool, of their upsampled maps, and over the
    word's tokens. Heads are summed before each layer is upsampled once, which is the same.
    """
    total, count = _zeros(word, size), 0
    for layer in word:
        mine = chosen[heads.span(layer.stage, layer.layer)]
        if bool(mine.any()):
            total += upsample(layer.maps[:, mine].sum(dim=1).mean(dim=1), size)
            count += int(mine.sum())
    return total / _some(count)


def daam_map(word: Sequence[LayerMaps], heads: HeadTable, chosen: Tensor, size: Size) -> Tensor:
    """DAAM's word map (I, height, width) from the chosen heads, in the order of its code.

    Every head and token is upsampled to the finest layer's size and clamped at 0, since bicubic
    curves undershoot; then the mean over heads and over tokens; then bicubic to `size`.
    """
    finest = max((layer.size for layer in word), key=prod)
    total, count = _zeros(word, finest), 0
    for layer in word:
        mine = chosen[heads.span(layer.stage, layer.layer)]
        if bool(mine.any()):
            grown = upsample(layer.maps[:, mine], finest).clamp(min=0)
            total += grown.sum(dim=1).mean(dim=1)
            count += int(mine.sum())
    return upsample(total / _some(count), size)


def daam_heads(word: Sequence[LayerMaps], heads: HeadTable, latent: Size) -> Tensor:
    """The heads DAAM looks at, (H,) bool: not the mid block, not 1/64 of the latent's pixels.

    On SD1.x at 512 x 512 these are 120 of 128.
    """
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
            "that the picture shows."
        )
    if how == "relative to the maximum":
        return maps / top
    return (maps - low) / (top - low).clamp(min=torch.finfo(maps.dtype).tiny)


def segment(heat: Tensor, threshold: float) -> Tensor:
    """Mask, bool: heat strictly above the threshold (arXiv 2604.05906, section 4)."""
    return heat > threshold


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union (I,) of two masks (I, height, width) bool; 1 where both are empty."""
    both, either = (a & b).sum(dim=(-2, -1)), (a | b).sum(dim=(-2, -1))
    return torch.where(either > 0, both / either.clamp(min=1), 1.0)
