"""Inputs that the nodes which show attention maps share, and how they are read."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io
from torch import Tensor
from torch.nn.functional import interpolate

from ...hrv.draw.overlay import COLOURS
from ...hrv.head_choice import first_heads, named_heads
from ...hrv.maps import HeadMaps, LayerMaps
from ...hrv.relevance import HeadRelevance
from ...hrv.word_maps import daam_heads
from ..shared.compatibility import require_same_heads
from ..shared.inputs import head_count
from .captured import MAPS

MOST, LEAST, ALL, DAAM, NAMED = "most relevant", "least relevant", "all", "DAAM", "by name"
UNITS = ["percent", "heads"]
PIXELS_PER_LATENT = 8
TYPE_A_WORD = "Type a word of the prompt into “word”, to see where it went."


def map_inputs() -> list[Any]:
    """The inputs that say which maps, of which sampling, of which word."""
    return [
        MAPS.Input("maps", tooltip="The maps that HRV Capture collected."),
        io.Latent.Input(
            "samples", tooltip="The LATENT just as it leaves the sampler with the watched model."
        ),
        io.Image.Input(
            "image",
            optional=True,
            tooltip="The decoded picture, to draw on. Without it the latent is drawn in grey.",
        ),
        io.String.Input(
            "word",
            default="",
            tooltip="A word or phrase of the prompt. All its occurrences are averaged; mouse#2 "
            "means the second one.",
        ),
    ]


def amount_inputs() -> list[Any]:
    """The inputs that say how many heads."""
    return [
        io.Float.Input(
            "amount",
            default=25.0,
            min=0.0,
            max=10000.0,
            step=1.0,
            tooltip="How many heads to look through, counted as the unit says. 20 to 25 percent "
            "of the most relevant ones segment best.",
        ),
        io.Combo.Input(
            "unit",
            options=UNITS,
            tooltip="percent: a share of the model's heads. heads: a number of them.",
        ),
    ]


def head_inputs() -> list[Any]:
    """The inputs that say which heads."""
    return [
        io.Combo.Input(
            "heads",
            options=[MOST, LEAST, ALL, DAAM, NAMED],
            tooltip="most relevant: the heads that know the concept. least relevant: for "
            "comparison. all: every head. DAAM: the heads DAAM uses. by name: those in names.",
        ),
        *amount_inputs(),
        io.String.Input(
            "names",
            default="",
            advanced=True,
            tooltip="Heads by place, layers and heads: u0-3.* or d4.2-5 or m, several separated "
            "by commas. Used when heads is by name.",
        ),
    ]


def scale_inputs() -> list[Any]:
    """The inputs that say how heat is scaled and cut."""
    return [
        io.Combo.Input(
            "normalisation",
            options=["min-max", "relative to the maximum"],
            tooltip="min-max: the coldest place is 0, the hottest 1. relative to the maximum: "
            "only the hottest place is fixed.",
        ),
        io.Float.Input(
            "threshold",
            default=0.4,
            min=0.0,
            max=1.0,
            step=0.01,
            tooltip="The mask is where the heat lies above this.",
        ),
    ]


def drawing_inputs() -> list[Any]:
    """The inputs that say how heat is drawn."""
    return [
        io.Combo.Input(
            "colours", options=list(COLOURS), advanced=True, tooltip="Colours of the heat."
        ),
        io.Float.Input(
            "opacity",
            default=0.7,
            min=0.0,
            max=1.0,
            step=0.05,
            advanced=True,
            tooltip="How strongly the heat covers the picture.",
        ),
        io.Boolean.Input(
            "outline", default=True, advanced=True, tooltip="Draw a line around the mask."
        ),
    ]


def some_heads(amount: float, unit: str, heads: int) -> int:
    """How many heads an amount means, at least 1."""
    return max(1, head_count(amount, unit, heads))


def choose_heads(
    captured: HeadMaps,
    layers: list[LayerMaps],
    heads: str,
    hrv: HeadRelevance | None,
    concept: str,
    count: int,
    names: str,
) -> Tensor:
    """The heads that the inputs ask for, (H,) bool."""
    if heads == ALL:
        return torch.ones(len(captured.heads), dtype=torch.bool)
    if heads == DAAM:
        return daam_heads(layers, captured.heads, captured.latent)
    if heads == NAMED:
        return named_heads(names, captured.heads)
    if hrv is None:
        raise ValueError(
            f"To take the {heads} heads, wire an HRV in (HRV Load), or set heads to all or DAAM."
        )
    require_of_maps(hrv, captured)
    return first_heads(hrv.row(concept), "MoRHF" if heads == MOST else "LeRHF", count)


def require_of_maps(relevance: HeadRelevance, captured: HeadMaps) -> None:
    """ValueError, naming both, if the HRV was made for another model than the maps."""
    remedy = "Load an HRV made for the sampled model."
    require_same_heads(relevance, captured.heads, "the maps are of", remedy)


def picture_of(image: Tensor | None, latent: Tensor, captured: HeadMaps) -> Tensor:
    """IMAGE (I, height, width, 3), or the latent in grey; ValueError if it is another picture's."""
    if image is None:
        return _grey(latent)
    if image.shape[0] != latent.shape[0]:
        raise ValueError(
            f"The image holds {image.shape[0]} pictures, but {latent.shape[0]} were sampled. "
            "Wire in the decoded picture of this sampling."
        )
    (height, width), (rows, columns) = image.shape[1:3], captured.latent
    if abs(height * columns / (width * rows) - 1) > 0.05:
        raise ValueError(
            f"The image is {width}x{height}, the sampled latent {columns}x{rows}: not the same "
            "shape. Wire in the decoded picture of this sampling."
        )
    return image[..., :3].float().cpu()


def _grey(latent: Tensor) -> Tensor:
    """A latent (I, channels, h, w) in grey at eight times its size."""
    grey = latent.float().cpu().mean(dim=1, keepdim=True)
    low, high = grey.amin(dim=(-2, -1), keepdim=True), grey.amax(dim=(-2, -1), keepdim=True)
    grown = interpolate((grey - low) / (high - low + 1e-6), scale_factor=PIXELS_PER_LATENT)
    return grown.movedim(1, -1).expand(-1, -1, -1, 3)
