"""Inputs that the nodes which show attention maps share."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ...hrv.draw.overlay import COLOURS
from ..shared.marks import words_of
from .captured import MAPS
from .settings import HEADS

UNITS = ["percent", "heads"]
TYPE_A_WORD = "Type a word of the prompt into “word”, to see where it acts."


def map_inputs() -> list[Any]:
    """The inputs that say which maps, of which sampling, of which word."""
    return [
        MAPS.Input("maps", tooltip="The maps that HRV Capture collected."),
        io.Latent.Input(
            "samples", tooltip="The LATENT straight from the sampler that uses HRV Capture's MODEL."
        ),
        io.Image.Input(
            "image",
            optional=True,
            tooltip="The decoded image to draw on. Without it, a grey preview of the latent.",
        ),
        io.String.Input(
            "word",
            default="",
            tooltip="A word or phrase of the prompt. All its occurrences are averaged; mouse#2 "
            "means the second one.",
            extra_dict=words_of("maps", form="phrase"),
        ),
    ]


def amount_inputs() -> list[Any]:
    """The inputs that say how many heads."""
    return [
        io.Float.Input(
            "amount",
            display_name="how many heads",
            default=25.0,
            min=0.0,
            max=10000.0,
            step=1.0,
            tooltip="How many heads to use, as a share of all or a number. In the paper, the 20 to "
            "25 percent most relevant heads segment best.",
        ),
        io.Combo.Input(
            "unit",
            display_name="counted in",
            options=UNITS,
            tooltip="percent: a share of the model's heads. heads: a number of them.",
        ),
    ]


def head_inputs() -> list[Any]:
    """The inputs that say which heads."""
    return [
        io.Combo.Input(
            "heads",
            options=HEADS,
            tooltip="most relevant: the heads that respond most to the concept. least relevant: "
            "for comparison. all: every head. DAAM: the heads DAAM uses. by name: those in names.",
        ),
        *amount_inputs(),
        io.String.Input(
            "names",
            display_name="heads by name",
            default="",
            advanced=True,
            tooltip="Heads by stage, layers and heads: u0-3.* or d4.2-5 or m, several separated "
            "by commas. Used when heads is by name.",
        ),
    ]


def scale_inputs() -> list[Any]:
    """The inputs that say how heat is scaled and cut."""
    return [
        io.Combo.Input(
            "normalisation",
            display_name="scaling of heat",
            options=["min-max", "relative to the maximum"],
            advanced=True,
            tooltip="min-max: scaled from 0 to 1. relative to the maximum: divided by the maximum.",
        ),
        io.Float.Input(
            "threshold",
            default=0.4,
            min=0.0,
            max=1.0,
            step=0.01,
            display_mode=io.NumberDisplay.slider,
            tooltip="Pixels hotter than this become the mask.",
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
            display_mode=io.NumberDisplay.slider,
            tooltip="How strongly the heat covers the image.",
        ),
        io.Boolean.Input(
            "outline", default=True, advanced=True, tooltip="Draw a line around the mask."
        ),
    ]
