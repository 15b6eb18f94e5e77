"""What an artist asks of A&E-HRV, read and checked: words, thresholds, token slice, map size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ..heads import CrossAttentionLayer, HeadTable
from ..resolution import Size, halvings, side_after
from ..schedule import steps_within

CHUNK = 77
TokenSlice = Literal["auto", "all but first and last", "all but first", "words"]
MapSize = Literal["auto", "1/4", "1/16", "1/64"]
_HALVINGS: dict[str, int] = {"1/4": 1, "1/16": 2, "1/64": 3}
_SMALLEST_SIDE = 6  # of a map that `auto` chooses: the 3 x 3 smoothing is a quarter of it then


class WantedWord(NamedTuple):
    """A word of the prompt and the concept it is an instance of, if one was named."""

    text: str
    concept: str | None


def parse_wanted(text: str) -> tuple[WantedWord, ...]:
    """Read 'cat: Animals, dog: Animals' or 'cat, dog'; ValueError where no word is named."""
    found = []
    for part in (each.strip() for each in re.split(r"[,\n]", text)):
        word, colon, concept = (each.strip() for each in part.partition(":"))
        if part and (not word or (colon and not concept)):
            raise ValueError(
                f"Expected a word and its concept, such as cat: Animals; found {part!r}."
            )
        if part:
            found.append(WantedWord(word, concept or None))
    if not found:
        raise ValueError(
            "Name the words that must be in the picture, such as: cat: Animals, dog: Animals "
            "(without an HRV: cat, dog)."
        )
    return tuple(found)


def parse_thresholds(text: str) -> tuple[tuple[float, float], ...]:
    """Read '0: 0.05, 0.2: 0.5': (share of the steps, attention to reach); empty for none."""
    found = []
    for part in (each.strip() for each in re.split(r"[,\n]", text)):
        if not part:
            continue
        try:
            share, threshold = (float(each) for each in part.split(":"))
        except ValueError:
            share = threshold = -1.0
        if not (0.0 <= share < 1.0 and 0.0 <= threshold <= 1.0):
            raise ValueError(
                "Expected thresholds such as 0: 0.05, 0.2: 0.5, 0.4: 0.8 (share of the steps: "
                f"attention to reach, both from 0 to 1); found {part!r}."
            )
        found.append((share, threshold))
    return tuple(found)


def thresholds_by_step(thresholds: Sequence[tuple[float, float]], steps: int) -> dict[int, float]:
    """Step -> threshold, shares rounded down as published: 0, 10, 20 of 50 or of 51.

    Of several that fall on one step the highest counts.
    """
    found: dict[int, float] = {}
    for share, threshold in thresholds:
        step = steps_within(share, steps)
        found[step] = max(threshold, found.get(step, 0.0))
    return found


def token_slots(length: int, semantic: Sequence[int], choice: TokenSlice) -> tuple[int, ...]:
    """The tokens that share a pixel's attention (softmax of 100 A), of a prompt's `length`.

    all but first and last: 1 to 75, Attend-and-Excite's code; all but first: 1 to 76, A&E-HRV's;
    words: 1 up to the end token, Attend-and-Excite's for SD2.1. Long prompts: of each 77 tokens.
    """
    if choice == "words":
        return tuple(semantic)
    last = CHUNK - 2 if choice == "all but first and last" else CHUNK - 1
    return tuple(position for position in range(length) if 1 <= position % CHUNK <= last)


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
    size = _size(latent, level)
    if relevance is not None:
        weights = relevance / len(heads)
        read = [
            bool((weights[:, heads.span(layer.stage, layer.layer)] != 0).any()) for layer in layers
        ]
    else:
        read = [each == level for each in levels]
        weights = torch.zeros(1, len(heads))
        for layer, chosen in zip(layers, read, strict=True):
            weights[:, heads.span(layer.stage, layer.layer)] = float(chosen)
        weights /= weights.sum()
    sizes = tuple(
        _size(latent, each) if chosen else None for each, chosen in zip(levels, read, strict=True)
    )
    return MapPlan(size, weights, sizes)


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
            "single point. Set map_size to auto, or make a larger picture."
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
