"""How a word was read: the claims of several concepts' heads on it, compared.

The comparison of maps is that of arXiv 2604.05906 (the word mouse through the heads of Animals
and of Electronics); shares and words are this project's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .draw.canvas import MARGIN, SMALL, TEXT, Canvas, Pixels
from .heads import HeadTable
from .maps import LayerMaps, iou

CLEAR_LEAD = 0.04
"""A lead of two shares that is worth speaking of."""

_TILE, _GAP, _TOP = 320, 24, 190
_BAR = "#e08a30"


@dataclass(frozen=True)
class Reading:
    """One picture's reading of a word.

    shares (C,): each concept's part of the claims, sum 1; overlaps (C, C): IoU of the masks;
    against_daam (C,): IoU of each mask with DAAM's.
    """

    word: str
    concepts: tuple[str, ...]
    shares: Tensor
    overlaps: Tensor
    against_daam: Tensor


def claim(word: Sequence[LayerMaps], heads: HeadTable, chosen: Tensor) -> Tensor:
    """How much the chosen heads look at the word: mean probability (I,) over heads and pixels."""
    total = word[0].maps.new_zeros(word[0].maps.shape[0])
    count = 0
    for layer in word:
        mine = chosen[heads.span(layer.stage, layer.layer)]
        total += layer.maps[:, mine].mean(dim=(-3, -2, -1)).sum(dim=1)
        count += int(mine.sum())
    return total / max(count, 1)


def shares(claims: Tensor) -> Tensor:
    """Claims (C,) as parts of their sum."""
    return claims / claims.sum().clamp(min=torch.finfo(claims.dtype).tiny)


def overlaps(masks: Tensor) -> Tensor:
    """IoU (C, C) between every two masks (C, height, width) bool."""
    return torch.stack([iou(mask.expand_as(masks), masks) for mask in masks])


def verdict(reading: Reading) -> str:
    """What the shares say, and the Concept Adjust they suggest. The first concept is the meant."""
    meant, others = reading.concepts[0], reading.concepts[1:]
    strongest = 1 + int(reading.shares[1:].argmax())
    rival = reading.concepts[strongest]
    lead = float(reading.shares[0] - reading.shares[strongest])
    both = float(reading.overlaps[0, strongest])
    said = (
        f"{rival} claims “{reading.word}” with {_percent(reading.shares[strongest])}, "
        f"{meant} with {_percent(reading.shares[0])}; their masks overlap by {_percent(both)}. "
    )
    advice = f"Concept Adjust: words {reading.word}, desired {meant}, undesired {rival}"
    if lead < -CLEAR_LEAD:
        return (
            f"{said}The word is read through {rival} more than as meant. If the picture agrees, "
            f"try {advice}."
        )
    if lead > CLEAR_LEAD:
        known = "the others" if len(others) > 1 else rival
        return f"{said}The word is read as meant: {meant} leads {known}. No adjusting is needed."
    return f"{said}No concept leads clearly. If the picture shows {rival}, try {advice}."


def panel(
    reading: Reading, tiles: Sequence[tuple[str, Tensor]], advice: str, dark: bool = True
) -> Pixels:
    """One captioned page: a row of tiles (name, picture (h, w, 3)), shares below, the advice."""
    width = 2 * MARGIN + len(tiles) * _TILE + (len(tiles) - 1) * _GAP
    tall = round(_TILE * tiles[0][1].shape[0] / tiles[0][1].shape[1])
    lines = textwrap.wrap(advice, int((width - 2 * MARGIN) / (TEXT * 0.56)))
    page = Canvas(width, _TOP + tall + 110 + len(lines) * 34 + MARGIN, dark)
    page.heading(f"How “{reading.word}” was read", "attention of the heads that know each concept")
    for i, (name, picture) in enumerate(tiles):
        x = MARGIN + i * (_TILE + _GAP)
        page.text(x, _TOP - 26, name, TEXT, room=_TILE, weight="bold")
        opaque = np.ones((*picture.shape[:2], 1))
        page.image(x, _TOP, _TILE, tall, np.concatenate([picture.numpy(), opaque], axis=-1))
        if name in reading.concepts:
            _share(page, (x, _TOP + tall + 16), reading, reading.concepts.index(name))
    for i, line in enumerate(lines):
        page.text(MARGIN, _TOP + tall + 122 + i * 34, line, TEXT)
    return page.pixels()


def _share(page: Canvas, corner: tuple[float, float], reading: Reading, index: int) -> None:
    """A bar of the concept's share with its number, and the overlap with DAAM's mask."""
    x, y = corner
    axes = page.axes(x, y, _TILE, 12)
    axes.axhspan(0, 12, color=page.theme.line)
    axes.fill_between([0, _TILE * float(reading.shares[index])], 0, 12, color=_BAR, linewidth=0)
    page.text(x, y + 32, f"claims {_percent(reading.shares[index])} of the word", SMALL)
    against = _percent(reading.against_daam[index])
    page.text(x, y + 58, f"overlap with DAAM {against}", SMALL, color=page.theme.muted)


def _percent(value: float | Tensor) -> str:
    return f"{100 * float(value):.0f}%"
