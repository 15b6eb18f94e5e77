"""The pages of Misreading Diagnosis: a word's heat and mask by concept, one page per image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...hrv.diagnosis import Reading, claim, overlaps, shares, verdict
from ...hrv.draw.diagnosis_panel import panel
from ...hrv.draw.overlay import outlined, overlay, resized
from ...hrv.maps import HeadMaps, LayerMaps
from ...hrv.relevance import HeadRelevance
from ...hrv.word_maps import daam_heads, daam_map, iou, selective_map
from ..shared.images import to_image
from .settings import Scale

TILE = 512


@dataclass(frozen=True, eq=False)
class Comparison:
    """A word through the heads of several concepts, and through DAAM's.

    chosen: each concept's heads, (H,) bool; layers: the word's maps.
    """

    word: str
    concepts: tuple[str, ...]
    captured: HeadMaps
    layers: list[LayerMaps]
    chosen: list[Tensor]

    def readings(self, heats: Tensor, scale: Scale) -> list[tuple[Reading, Tensor]]:
        """The numbers and the masks (C + 1, height, width) of each image."""
        claims = torch.stack([claim(self.layers, self.captured.heads, c) for c in self.chosen])
        masks = [scale.mask(heats[:, i]) for i in range(heats.shape[1])]
        return [(self._reading(claims[:, i], mask), mask) for i, mask in enumerate(masks)]

    def _reading(self, claims: Tensor, masks: Tensor) -> Reading:
        own, daam = masks[:-1], masks[-1:]
        against = iou(own, daam.expand_as(own))
        return Reading(self.word, self.concepts, shares(claims), overlaps(own), against)

    def heats(self, size: tuple[int, int], scale: Scale) -> Tensor:
        """Heat (C + 1, I, height, width): each concept's, and DAAM's last."""
        heads = self.captured.heads
        raw = [selective_map(self.layers, heads, c, size) for c in self.chosen]
        daam = daam_heads(self.layers, heads, self.captured.latent)
        raw.append(daam_map(self.layers, heads, daam, size))
        return torch.stack([scale.heat(one) for one in raw])


def pages(compared: Comparison, images: Tensor, scale: Scale, dark: bool) -> tuple[Tensor, str]:
    """A page for each of the images (I, h, w, 3) as one IMAGE, and their numbers in words."""
    images = _at_tile_size(images)
    heats = compared.heats((images.shape[1], images.shape[2]), scale)
    found = compared.readings(heats, scale)
    drawn = [
        _page(reading, images[i], heats[:, i], masks, dark)
        for i, (reading, masks) in enumerate(found)
    ]
    texts = [_report(reading, i, len(found)) for i, (reading, _) in enumerate(found)]
    return _same_height(drawn), "\n\n".join(texts)


def distinct_concepts(hrv: HeadRelevance, wanted: Sequence[str]) -> tuple[str, ...]:
    """The concepts' names as the HRV spells them; ValueError for fewer than two."""
    named = [hrv.concepts[hrv.index(name)] for name in wanted if name.strip()]
    distinct = tuple(dict.fromkeys(named))
    if len(distinct) < 2:
        raise ValueError(
            f"Misreading Diagnosis compares two or more concepts; found only {distinct[0]}. "
            "Choose another one for “instead”."
        )
    return distinct


def _at_tile_size(images: Tensor) -> Tensor:
    """Images (I, h, w, 3) with a longer side of TILE pixels."""
    scale = TILE / max(images.shape[1:3])
    return resized(images, (round(images.shape[1] * scale), round(images.shape[2] * scale)))


def _page(reading: Reading, image: Tensor, heats: Tensor, masks: Tensor, dark: bool) -> Tensor:
    """The panel of one image (h, w, 3) as an IMAGE (1, height, width, 3)."""
    shown = overlay(image.expand(len(heats), -1, -1, -1), heats)
    shown = outlined(shown, masks, 2)
    # The caption is part of the panel: another word would draw other pixels.
    tiles = list(zip(("image", *reading.concepts, "DAAM"), (image, *shown), strict=True))
    return to_image(panel(reading, tiles, verdict(reading), dark))


def _same_height(drawn: Sequence[Tensor]) -> Tensor:
    """Pages (1, h, w, 3) as one IMAGE; shorter ones go on in their last row's colour."""
    tallest = max(page.shape[1] for page in drawn)
    rims = [page[:, -1:].expand(-1, tallest - page.shape[1], -1, -1) for page in drawn]
    return torch.cat([torch.cat(pair, dim=1) for pair in zip(drawn, rims, strict=True)])


def _report(reading: Reading, index: int, count: int) -> str:
    """The numbers of one image in words."""
    lines = [f"Image {index + 1}"] if count > 1 else []
    for i, concept in enumerate(reading.concepts):
        lines.append(
            f"{concept}: claims {100 * float(reading.shares[i]):.1f}% of “{reading.word}”, "
            f"overlap with DAAM {100 * float(reading.against_daam[i]):.1f}%"
        )
    for i, j in torch.combinations(torch.arange(len(reading.concepts))).tolist():
        both = 100 * float(reading.overlaps[i, j])
        lines.append(f"{reading.concepts[i]} and {reading.concepts[j]} overlap by {both:.1f}%")
    return "\n".join([*lines, verdict(reading)])
