"""Word Weight: one factor for a word in every head, which needs no vectors."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import io

from ...hrv.text.pieces.weights import MOST
from ..host.model import steered_heads
from ..prompts.tag import Prompt, locate, prompts_of
from ..shared.inputs import (
    CATEGORY,
    model_input,
    percent_inputs,
    prompt_input,
    words_input,
)
from .steering import rescaled


class HRVWordWeight(io.ComfyNode):
    """M'[:, word] = weight * M[:, word] in all heads: the rescaling of HRV with a constant r."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVWordWeight",
            display_name="Word Weight",
            category=CATEGORY,
            search_aliases=[
                "prompt weight",
                "emphasis",
                "emphasize a word",
                "attention",
                "negative weight",
                "remove a word",
            ],
            description="Makes a word of the prompt count more or less, also below zero, by one "
            "factor on its attention in every head. Needs no head relevance vectors.",
            inputs=[
                model_input(),
                prompt_input(),
                words_input(
                    "The words to weight, exactly as written in the prompt, separated by commas: "
                    "vase, red car. mouse#2 means only the second mouse. Empty: the weights "
                    "written in the prompt, such as (mouse:1.3), where the text encoder ignores "
                    "them."
                ),
                io.Float.Input(
                    "weight",
                    default=1.3,
                    min=-MOST,
                    max=MOST,
                    step=0.05,
                    tooltip="How much the words count. 1: no change. 0: as if nothing looked at "
                    "them. Below 0: pushes away what they say. Not used while words is empty.",
                ),
                *percent_inputs(),
            ],
            outputs=[io.Model.Output(tooltip="The steered model, for the sampler.")],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        conditioning: Any,
        words: str,
        weight: float,
        start_percent: float = 0.0,
        end_percent: float = 1.0,
    ) -> io.NodeOutput:
        weights = _weights(conditioning, words, weight)
        ones = torch.ones(len(steered_heads(model)))
        targets = [(prompt, positions, w * ones) for prompt, positions, w in weights]
        label = f"Word Weight ({words}: {weight:g})" if words.strip() else "Word Weight"
        return io.NodeOutput(rescaled(model, targets, label, (start_percent, end_percent)))


def _weights(
    conditioning: Any, words: str, weight: float
) -> list[tuple[Prompt, tuple[int, ...], float]]:
    """The prompts with positions and weights of the words, or of those written in the prompts."""
    if words.strip():
        if not abs(weight) <= MOST:
            raise ValueError(
                f"Word Weight: use a weight from {-MOST:g} to {MOST:g}; found {weight:g}."
            )
        return [(*found, weight) for found in locate(conditioning, words)]
    written = [(prompt, *each) for prompt in prompts_of(conditioning) for each in prompt.weights]
    if not written:
        raise ValueError(
            "Word Weight: type the word of the prompt to weight into “words”. (Left empty, it "
            "applies weights such as (mouse:1.3) that HRV Prompt has taken out of the text, where "
            "the text encoder does not know them. Other encoders apply them by themselves.)"
        )
    return written
