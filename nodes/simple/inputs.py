"""The fields of HRV Steer."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ...hrv.text.inline import STRONGEST
from ..library.choices import AUTO, choices
from ..shared.inputs import HRV
from ..shared.marks import PROMPT_TEXT, words_of
from .presets import NONE, PRESETS
from .vectors import HERE, IN_PASSES


def steer_inputs() -> list[Any]:
    return [
        io.Model.Input("model", tooltip="The MODEL of Load Checkpoint; it is left unchanged."),
        io.Clip.Input("clip", tooltip="The CLIP of the same checkpoint."),
        io.String.Input(
            "text",
            multiline=True,
            dynamic_prompts=True,
            tooltip="The prompt. A word can be steered inside it too: "
            "a vase in lavender <hrv:lavender:Color:-Plants:0.8> color.",
            extra_dict=PROMPT_TEXT,
        ),
        *_word_inputs(),
        _vectors_input(),
        HRV.Input(
            "hrv",
            optional=True,
            tooltip="Optional: vectors of your own, used instead of what “vectors” says.",
        ),
    ]


def _word_inputs() -> list[Any]:
    return [
        io.Combo.Input(
            "preset",
            options=[NONE, *PRESETS],
            tooltip="A ready answer, for a prompt that has its first word.",
        ),
        io.String.Input(
            "word",
            default="",
            tooltip="The word of the prompt that is to be read differently: mouse. mouse#2 means "
            "the second one. Empty: none.",
            extra_dict=words_of("text", form="phrase"),
        ),
        io.String.Input(
            "read_as",
            display_name="read as",
            default="",
            tooltip="What the word should mean: a concept of the model's HRV file, such as Color, "
            "or a clear phrase, such as computer mouse, which is measured once.",
        ),
        io.String.Input(
            "not_as",
            display_name="not as",
            default="",
            tooltip="What it should not mean: Plants, or mouse animal. May stay empty.",
        ),
        io.Float.Input(
            "strength",
            default=1.0,
            min=0.0,
            max=STRONGEST,
            step=0.05,
            display_mode=io.NumberDisplay.slider,
            tooltip="How far to go. 0: exactly the plain image. 1: full effect. More exaggerates.",
        ),
        io.String.Input(
            "more_words",
            display_name="more words",
            default="",
            multiline=True,
            placeholder="more words, one per line: lavender: Color: -Plants: 0.8",
            tooltip="More words, one per line, strength last: lavender: Color: -Plants: 0.8",
            extra_dict=words_of("text", form="lines"),
        ),
    ]


def _vectors_input() -> Any:
    return io.Combo.Input(
        "vectors",
        options=[AUTO, HERE, IN_PASSES, *choices()],
        advanced=True,
        tooltip="auto: from the file that fits the model, fetched on first use; where it does not "
        "have what “read as” says, measured here. Or choose. For settings of your own connect HRV "
        "Measure.",
    )
