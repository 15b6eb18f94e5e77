"""Which layers' attention maps are read for the loss, with what weights, and at what size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..heads import CrossAttentionLayer, HeadTable
from ..resolution import Size, halvings, side_after

MapSize = Literal["auto", "1/4", "1/16", "1/64"]
_HALVINGS: dict[str, int] = {"1/4": 1, "1/16": 2, "1/64": 3}
_SMALLEST_SIDE = 6  # of a map that `auto` chooses: the 3 x 3 smoothing is a quarter of it then


@dataclass(frozen=True, eq=False)
class MapPlan:
    """Which layers are read and what becomes of their maps.

    size: (y, x) of the compared maps; weights (C, H); sizes: of each layer, None if not read.
    """

    size: Size
    weights: Tensor
    sizes: tuple[Size | None, ...]

    @property
    def last(self) -> int:
        """The number of the last layer that is read."""
        return max(number for number, size in enumerate(self.sizes) if size is not None)


def plan_maps(
    unet: torch.nn.Module,
    layers: Sequence[CrossAttentionLayer],
    heads: HeadTable,
    latent: Size,
    choice: MapSize,
    relevance: Tensor | None,
) -> MapPlan:
    """The layers and weights for a latent of this size.

    relevance (C, H), rows h[concept]: all heads with weight h / H (HRV, section 5.3), maps
    brought to 1/64 of the latent's pixels. Without: the heads of the layers of 1/16 of the
    pixels, all alike. On small latents, maps of more pixels: see `_auto_level`. ValueError where
    the model has no layer of a chosen size.
    """
    levels = halvings(unet, layers)
    level = _level(levels, latent, choice, relevance is not None)
    spans = [heads.span(layer.stage, layer.layer) for layer in layers]
    if relevance is not None:
        weights = relevance / len(heads)
    else:
        chosen = [span for span, own in zip(spans, levels, strict=True) if own == level]
        weights = _equal_weights(chosen, len(heads))
    sizes = tuple(
        _size(latent, own) if bool((weights[:, span] != 0).any()) else None
        for own, span in zip(levels, spans, strict=True)
    )
    return MapPlan(_size(latent, level), weights, sizes)


def _equal_weights(spans: Sequence[slice], heads: int) -> Tensor:
    """(1, heads): the same weight for every head in the spans, 0 for the others; sum 1."""
    weights = torch.zeros(1, heads)
    for span in spans:
        weights[:, span] = 1.0
    return weights / weights.sum()


def _level(levels: Sequence[int], latent: Size, choice: MapSize, resampled: bool) -> int:
    """How often the latent's sides are halved to give the compared maps."""
    if choice == "auto":
        return _auto_level(levels, latent, resampled)
    wanted = _HALVINGS[choice]
    if wanted not in levels and not resampled:
        have = ", ".join(f"1/{4**level}" if level else "all" for level in sorted(set(levels)))
        raise ValueError(
            f"This model has no layer with {choice} of the latent's pixels; it has layers with: "
            f"{have}. Set map_size to auto."
        )
    if wanted not in levels and min(_size(latent, wanted)) < 2:
        raise ValueError(
            f"Maps with {choice} of the pixels of a {latent[0]} x {latent[1]} latent would be a "
            "single point. Set map_size to auto, or make a larger image."
        )
    return wanted


def _auto_level(levels: Sequence[int], latent: Size, resampled: bool) -> int:
    """The published halvings, or the nearest ones that leave _SMALLEST_SIDE pixels to a side.

    Without resampling only sizes that the model's layers have.
    """
    published = 3 if resampled else 2
    have = {*levels, published} if resampled else set(levels)
    large = [level for level in have if min(_size(latent, level)) >= _SMALLEST_SIDE]
    return min(large or [min(have)], key=lambda level: (abs(level - published), level))


def _size(latent: Size, level: int) -> Size:
    return side_after(latent[0], level), side_after(latent[1], level)
