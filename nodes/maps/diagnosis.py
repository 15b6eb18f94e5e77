"""Misreading Diagnosis: which concept's heads claim a word, and what to do about it."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io, ui
from torch import Tensor

from ...hrv.diagnosis import Reading, claim, overlaps, shares, verdict
from ...hrv.draw.diagnosis_panel import panel
from ...hrv.draw.overlay import outlined, overlay, resized
from ...hrv.head_choice import first_heads
from ...hrv.maps import HeadMaps, LayerMaps
from ...hrv.relevance import HeadRelevance
from ...hrv.word_maps import daam_heads, daam_map, iou, normalise, segment
from ...hrv.word_maps import selective_map as selective
from ..library.menus import any_concept, concept_input
from ..shared.images import to_image
from ..shared.inputs import CATEGORY, HRV, require_words
from .captured import CapturedMaps
from .inputs import (
    TYPE_A_WORD,
    amount_inputs,
    map_inputs,
    picture_of,
    require_of_maps,
    scale_inputs,
    some_heads,
)

TILE = 512


class HRVMisreadingDiagnosis(io.ComfyNode):
    """Compares a word's maps through the heads of several concepts (arXiv 2604.05906)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVMisreadingDiagnosis",
            display_name="Misreading Diagnosis",
            category=CATEGORY,
            description="Shows why a prompt was misread: how far the heads of each concept claim "
            "a word, where they see it, and which Concept Adjust that suggests.",
            inputs=[
                *map_inputs(),
                HRV.Input("hrv", tooltip="Head relevance vectors made for this model (HRV Load)."),
                concept_input("meant", "What the word was meant as."),
                concept_input("instead", "What it may have been taken for."),
                io.String.Input(
                    "more_concepts",
                    default="",
                    tooltip="More readings to compare, separated by commas.",
                ),
                *amount_inputs(),
                *scale_inputs(),
                io.Combo.Input("theme", options=["dark", "light"], tooltip="Colours of the page."),
            ],
            outputs=[
                io.Image.Output(display_name="panel", tooltip="The captioned comparison."),
                io.String.Output(display_name="report", tooltip="Shares, overlaps and advice."),
            ],
            is_output_node=True,
        )

    validate_inputs = any_concept("meant", "instead")

    @classmethod
    def execute(
        cls,
        maps: CapturedMaps,
        samples: dict[str, Tensor],
        word: str,
        hrv: HeadRelevance,
        meant: str,
        instead: str,
        amount: float,
        unit: str,
        normalisation: Any,
        threshold: float,
        theme: str,
        image: Tensor | None = None,
        more_concepts: str = "",
    ) -> io.NodeOutput:
        latent = samples["samples"]
        captured, layers = maps.word(latent, require_words(word, TYPE_A_WORD))
        require_of_maps(hrv, captured)
        concepts = _concepts(hrv, [meant, instead, *more_concepts.split(",")])
        picture = _at_tile_size(picture_of(image, latent, captured))
        count = some_heads(amount, unit, len(captured.heads))
        chosen = [first_heads(hrv.row(concept), "MoRHF", count) for concept in concepts]
        heats = _heats(
            captured, layers, chosen, (picture.shape[1], picture.shape[2]), normalisation
        )
        claims = torch.stack([claim(layers, captured.heads, c) for c in chosen])
        pages, texts = [], []
        for i in range(len(picture)):
            masks = segment(heats[:, i], threshold)
            reading = _reading(word.strip(), concepts, claims[:, i], masks)
            pages.append(_page(reading, picture[i], heats[:, i], masks, theme == "dark"))
            texts.append(_report(reading, i, len(picture)))
        result = _same_height(pages)
        return io.NodeOutput(result, "\n\n".join(texts), ui=ui.PreviewImage(result, cls=cls))


def _concepts(hrv: HeadRelevance, wanted: list[str]) -> tuple[str, ...]:
    """The concepts' names as the HRV spells them; ValueError for fewer than two."""
    named = [hrv.concepts[hrv.index(name)] for name in wanted if name.strip()]
    distinct = tuple(dict.fromkeys(named))
    if len(distinct) < 2:
        raise ValueError(
            f"Misreading Diagnosis compares two or more concepts; found only {distinct[0]}. "
            "Choose another one for “instead”."
        )
    return distinct


def _at_tile_size(picture: Tensor) -> Tensor:
    """Pictures (I, h, w, 3) with a longer side of TILE pixels."""
    scale = TILE / max(picture.shape[1:3])
    return resized(picture, (round(picture.shape[1] * scale), round(picture.shape[2] * scale)))


def _heats(
    captured: HeadMaps,
    layers: list[LayerMaps],
    chosen: list[Tensor],
    size: tuple[int, int],
    normalisation: Any,
) -> Tensor:
    """Heat (C + 1, I, height, width): each concept's, and DAAM's last."""
    heads = captured.heads
    raw = [selective(layers, heads, c, size) for c in chosen]
    raw.append(daam_map(layers, heads, daam_heads(layers, heads, captured.latent), size))
    return torch.stack([normalise(one, normalisation) for one in raw])


def _reading(word: str, concepts: tuple[str, ...], claims: Tensor, masks: Tensor) -> Reading:
    own, daam = masks[:-1], masks[-1:]
    return Reading(word, concepts, shares(claims), overlaps(own), iou(own, daam.expand_as(own)))


def _page(reading: Reading, picture: Tensor, heats: Tensor, masks: Tensor, dark: bool) -> Tensor:
    """The panel of one picture (h, w, 3) as an IMAGE (1, height, width, 3)."""
    shown = overlay(picture.expand(len(heats), -1, -1, -1), heats)
    shown = outlined(shown, masks, 2)
    tiles = list(zip(("picture", *reading.concepts, "DAAM"), (picture, *shown), strict=True))
    return to_image(panel(reading, tiles, verdict(reading), dark))


def _same_height(pages: list[Tensor]) -> Tensor:
    """Pages (1, h, w, 3) as one IMAGE; shorter ones go on in their last row's colour."""
    tallest = max(page.shape[1] for page in pages)
    rims = [page[:, -1:].expand(-1, tallest - page.shape[1], -1, -1) for page in pages]
    return torch.cat([torch.cat(pair, dim=1) for pair in zip(pages, rims, strict=True)])


def _report(reading: Reading, index: int, count: int) -> str:
    """The numbers of one picture in words."""
    lines = [f"Picture {index + 1}"] if count > 1 else []
    for i, concept in enumerate(reading.concepts):
        lines.append(
            f"{concept}: claims {100 * float(reading.shares[i]):.1f}% of “{reading.word}”, "
            f"overlap with DAAM {100 * float(reading.against_daam[i]):.1f}%"
        )
    for i, j in torch.combinations(torch.arange(len(reading.concepts))).tolist():
        both = 100 * float(reading.overlaps[i, j])
        lines.append(f"{reading.concepts[i]} and {reading.concepts[j]} overlap by {both:.1f}%")
    return "\n".join([*lines, verdict(reading)])
