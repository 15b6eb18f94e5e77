"""What HRV Measure asks for."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..library.menus import ROW
from ..shared.inputs import prompt_input
from ..shared.marks import words_of


def measure_inputs() -> list[Any]:
    return [
        io.Model.Input("model", tooltip="The model whose heads are measured; it is not changed."),
        io.Clip.Input("clip", tooltip="The CLIP of the same checkpoint."),
        prompt_input(),
        *_word_inputs(),
        *_sampling_inputs(),
        io.Combo.Input(
            "checkpointing",
            options=["auto", "on", "off"],
            advanced=True,
            tooltip="on: computes inner values of the model twice instead of keeping them, which "
            "takes much less memory. auto: where an image is large.",
        ),
        io.Int.Input(
            "passes",
            default=1,
            min=1,
            max=50,
            optional=True,
            tooltip="1: one measurement. More measure again where the last pass led, all heads "
            "together, and take as many times as long: 6 where one does not turn the word.",
        ),
        io.Vae.Input(
            "vae", optional=True, tooltip="Shows the two readings as images; nothing else."
        ),
    ]


def _word_inputs() -> list[Any]:
    return [
        io.String.Input(
            "word",
            default="",
            tooltip="The word of the prompt that can mean two things: mouse. mouse#2 means the "
            "second one.",
            extra_dict=words_of("conditioning", form="phrase"),
        ),
        io.String.Input(
            "read_as",
            display_name="read as",
            default="",
            tooltip="A clear phrase for what the word should mean, to stand in its place: "
            "computer mouse.",
            extra_dict=ROW,
        ),
        io.String.Input(
            "not_as",
            display_name="not as",
            default="",
            tooltip="A clear phrase for what it should not mean: mouse animal. Empty: measured "
            "against a prompt without words.",
            extra_dict=ROW,
        ),
    ]


def _sampling_inputs() -> list[Any]:
    return [
        io.Int.Input(
            "images",
            default=10,
            min=1,
            max=1000,
            tooltip="Images of the plain prompt to measure on. More give steadier vectors.",
        ),
        io.Int.Input(
            "steps", default=10, min=1, max=1000, advanced=True, tooltip="Sampling steps of each."
        ),
        io.Int.Input(
            "seed", default=0, min=0, max=2**63 - 1, advanced=True, tooltip="Of their noise."
        ),
        io.Float.Input(
            "cfg", default=7.5, min=0.0, max=100.0, step=0.1, advanced=True, tooltip="Guidance."
        ),
        io.Int.Input("width", default=512, min=16, max=8192, step=8, tooltip="In pixels."),
        io.Int.Input("height", default=512, min=16, max=8192, step=8, tooltip="In pixels."),
    ]
