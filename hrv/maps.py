"""Attention maps of words, kept head by head (arXiv 2604.05906, section 2).

I: images, of videos their frames, one after the other; H: heads of the model; h, w: a layer's own
resolution; T: captured tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from .heads import HeadTable, Stage
from .resolution import Size, layer_size


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


@dataclass(frozen=True)
class Grid:
    """How the pixels of a layer lie, and how often the sides are halved before they are kept.

    frames: of each image's latent; size: (h, w) of a frame; rows behind them are no pixels.
    """

    frames: int
    size: Size
    halved: int = 0

    def kept(self, maps: Tensor) -> Tensor:
        """Maps (I, heads, rows, n) as they are kept, (I * frames, heads, pixels, n).

        Halving takes the means of two by two pixels, of those that there are at an odd side.
        """
        height, width = self.size
        own = maps[:, :, : self.frames * height * width].unflatten(2, (self.frames, -1))
        own = own.movedim(2, 1).flatten(0, 1)
        if not self.halved:
            return own
        grid = own.movedim(-1, 2).unflatten(-1, self.size)
        for _ in range(self.halved):
            grid = avg_pool2d(grid.flatten(1, 2), 2, ceil_mode=True).unflatten(1, grid.shape[1:3])
        return grid.flatten(-2).movedim(2, -1)


def halvings_within(values: int, most: int) -> int:
    """How often both sides of maps of so many values must be halved to leave at most `most`."""
    halved = 0
    while values > most * 4**halved:
        halved += 1
    return halved


class HeadMaps:
    """Attention maps of T tokens summed over evaluations, for every head of a model.

    Bicubic upsampling is linear, so sums stay at each layer's own resolution and are upsampled
    once, whichever heads are asked for afterwards. latent: (height, width) of the latent; frames:
    of each image's.
    """

    def __init__(self, heads: HeadTable, tokens: int, latent: Size, frames: int = 1) -> None:
        self.heads, self.tokens, self.latent, self.frames = heads, tokens, latent, frames
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
        moved = HeadMaps(self.heads, self.tokens, self.latent, self.frames)
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

    def summed(
        self, columns: Sequence[int], chosen: Tensor, image: int
    ) -> Iterator[tuple[Tensor, int]]:
        """Mean maps (n, h, w) of these n tokens in one image, summed over a layer's chosen heads.

        With each layer's number of chosen heads, for the layers that have some; chosen: (H,) bool.
        """
        for stage, layer, _ in self._captured(columns):
            mine = chosen[self.heads.span(stage, layer)]
            if bool(mine.any()):
                total, counts = self._sums[stage, layer], self._counts[stage, layer]
                evaluations = total.new_tensor([[counts[c]] for c in columns])
                heads = total[image] if bool(mine.all()) else total[image, mine]  # n T pixels
                maps = heads.sum(dim=0)[list(columns)].float() / evaluations
                yield maps.unflatten(-1, self._size(total)), int(mine.sum())

    def _captured(self, columns: Sequence[int]) -> list[tuple[Stage, int, int]]:
        found = [(p, n) for p, n in self._sums if all(self._counts[p, n][c] for c in columns)]
        return [layer for layer in self.heads.layers if layer[:2] in found]

    def _mean(self, stage: Stage, layer: int, columns: Sequence[int]) -> LayerMaps:
        total, counts = self._sums[stage, layer], self._counts[stage, layer]
        evaluations = total.new_tensor([[counts[c]] for c in columns])
        mean = total[:, :, list(columns)].float() / evaluations  # I heads n pixels
        return LayerMaps(stage, layer, mean.unflatten(-1, self._size(total)))

    def _size(self, total: Tensor) -> Size:
        """(h, w) of a layer with these sums (I, heads, T, pixels)."""
        size = layer_size(self.latent, total.shape[3])
        if size is None:
            raise ValueError(f"{total.shape[3]} pixels do not belong to a latent {self.latent}.")
        return size
