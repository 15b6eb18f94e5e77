"""HRV Construct: head relevance vectors for your own model and your own concepts."""

from __future__ import annotations

from typing import Any

import comfy.samplers
import comfy.utils
from comfy_api.latest import io

from ..hrv.concepts import parse_concepts, parse_prompts
from ..hrv.construct import Recipe
from .construct_run import Sampling, construct
from .sockets import CATEGORY, HRV

__all__ = ["HRVConstruct", "Sampling", "construct"]


class HRVConstruct(io.ComfyNode):
    """Makes head relevance vectors by letting every head vote between concepts."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVConstruct",
            display_name="HRV Construct",
            category=CATEGORY,
            description="Finds out which attention heads of your model know which concept: while "
            "pictures are made, every head votes for the concept it attends to most.",
            inputs=[
                io.Model.Input("model", tooltip="The model whose heads vote; it is not changed."),
                io.Clip.Input("clip", tooltip="The CLIP of the same checkpoint."),
                io.String.Input(
                    "concepts",
                    multiline=True,
                    default="Color: red, green, blue, yellow, purple\n"
                    "Animals: cat, dog, bird, fish, horse",
                    tooltip="One concept a line, with words that stand for it: "
                    "Color: red, green, blue. Heads choose between the concepts listed here.",
                ),
                io.String.Input(
                    "prompts",
                    multiline=True,
                    default="a photo of a red cat\na photo of a blue bird",
                    tooltip="One prompt a line. More and more varied prompts give steadier "
                    "vectors; the paper used 2,100.",
                ),
                io.Int.Input(
                    "how_many",
                    default=0,
                    min=0,
                    max=100000,
                    tooltip="Use only the first so many prompts; 0 uses all.",
                ),
                io.Int.Input(
                    "batch", default=1, min=1, max=64, tooltip="Pictures sampled at a time."
                ),
                io.Int.Input(
                    "seed", default=0, min=0, max=2**63 - 1, tooltip="Of noise and draws."
                ),
                io.Int.Input("steps", default=50, min=1, max=1000, tooltip="Sampling steps."),
                io.Float.Input(
                    "cfg", default=7.5, min=0.0, max=100.0, step=0.1, tooltip="Guidance."
                ),
                io.Combo.Input(
                    "sampler", options=comfy.samplers.KSampler.SAMPLERS, tooltip="Sampler."
                ),
                io.Combo.Input(
                    "scheduler", options=comfy.samplers.KSampler.SCHEDULERS, tooltip="Scheduler."
                ),
                io.Int.Input("width", default=512, min=16, max=8192, step=8, tooltip="In pixels."),
                io.Int.Input("height", default=512, min=16, max=8192, step=8, tooltip="In pixels."),
                io.Combo.Input(
                    "recipe",
                    options=["paper", "authors"],
                    tooltip="paper: Algorithm 1 as printed. authors: as their published files "
                    "were made (start token in the softmax, one draw per layer).",
                ),
            ],
            outputs=[HRV.Output(display_name="hrv", tooltip="For HRV Save and the HRV nodes.")],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        clip: Any,
        concepts: str,
        prompts: str,
        how_many: int,
        batch: int,
        seed: int,
        steps: int,
        cfg: float,
        sampler: str,
        scheduler: str,
        width: int,
        height: int,
        recipe: Recipe,
    ) -> io.NodeOutput:
        sampling = Sampling(seed, steps, cfg, sampler, scheduler, width, height, batch, recipe)
        listed = parse_prompts(prompts, how_many)
        bar = comfy.utils.ProgressBar(len(listed))
        relevance = construct(
            model, clip, parse_concepts(concepts), listed, sampling, bar.update_absolute
        )
        return io.NodeOutput(relevance)
