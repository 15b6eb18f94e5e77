"""How a word was read: the claims of several concepts' heads on it, compared.

The comparison of maps is that of arXiv 2604.05906 (the word mouse through the heads of Animals
and of Electronics); shares and words are this project's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .heads import HeadTable
from .maps import LayerMaps
from .word_maps import chosen_maps, iou

CLEAR_LEAD = 0.04
"""A lead of two shares that is worth speaking of."""


@dataclass(frozen=True)
class Reading:
    """One image's reading of a word.

    shares (C,): each concept's share of the claims, sum 1; overlaps (C, C): IoU of the masks;
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
    for maps in chosen_maps(word, heads, chosen):
        total += maps.mean(dim=(-3, -2, -1)).sum(dim=1)
        count += maps.shape[1]
    return total / max(count, 1)


def shares(claims: Tensor) -> Tensor:
    """Claims (C,) as shares of their sum."""
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
        f"The {rival} heads take {percent(reading.shares[strongest])} of the attention to "
        f"“{reading.word}”, the {meant} heads {percent(reading.shares[0])}; their masks overlap by "
        f"{percent(both)}. "
    )
    advice = f"Concept Adjust: words {reading.word}, desired {meant}, undesired {rival}"
    if lead < -CLEAR_LEAD:
        return (
            f"{said}The word is read more as {rival} than as {meant}. If the image agrees, "
            f"try {advice}."
        )
    if lead > CLEAR_LEAD:
        known = "the others" if len(others) > 1 else rival
        return f"{said}The word is read as meant: {meant} leads {known}. No adjustment is needed."
    return f"{said}No concept leads clearly. If the image shows {rival}, try {advice}."


def percent(value: float | Tensor) -> str:
    """A share of 1 in words: 37%."""
    return f"{100 * float(value):.0f}%"
