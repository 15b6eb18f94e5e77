"""HRV Construct: head relevance vectors for your own model and your own concepts."""

from __future__ import annotations

from typing import Any

import comfy.samplers
from comfy_api.latest import io, ui

from ...hrv.construct.agreement import split_half
from ...hrv.construct.algorithm import RECIPES, Recipe
from ...hrv.construct.concepts import parse_concepts, shared_words
from ...hrv.draw.heat_maps import heat_map
from ..library import concept_lists as concept_library
from ..shared.images import to_image
from ..shared.inputs import CATEGORY, HRV
from ..shared.notify import node_id, show_text, warn
from .progress import Reporter
from .run import Construction, Sampling, construct

__all__ = ["HRVConstruct", "Sampling", "construct"]


def _sampling_inputs() -> list[Any]:
    """How pictures are sampled."""
    return [
        io.Int.Input("seed", default=0, min=0, max=2**63 - 1, tooltip="Of noise and draws."),
        io.Int.Input("steps", default=50, min=1, max=1000, tooltip="Sampling steps."),
        io.Float.Input("cfg", default=7.5, min=0.0, max=100.0, step=0.1, tooltip="Guidance."),
        io.Combo.Input("sampler", options=comfy.samplers.KSampler.SAMPLERS, tooltip="Sampler."),
        io.Combo.Input(
            "scheduler", options=comfy.samplers.KSampler.SCHEDULERS, tooltip="Scheduler."
        ),
        io.Int.Input("width", default=512, min=16, max=8192, step=8, tooltip="In pixels."),
        io.Int.Input("height", default=512, min=16, max=8192, step=8, tooltip="In pixels."),
        io.Combo.Input(
            "recipe",
            options=list(RECIPES),
            tooltip="paper: Algorithm 1 as printed. authors: as their published files "
            "were made (start token in the softmax, one draw per layer).",
        ),
    ]


def _run_inputs() -> list[Any]:
    """How a run is kept and when it ends."""
    return [
        io.String.Input(
            "run",
            default="",
            tooltip="A name for this run. Its votes are kept in models/hrv/runs, and running it "
            "again goes on where it stopped. Without a name nothing is kept.",
        ),
        io.Float.Input(
            "stop_at",
            default=0.0,
            min=0.0,
            max=1.0,
            step=0.005,
            tooltip="End early when both halves of the pictures give such similar vectors for "
            "every concept (cosine), such as 0.98. 0: use all prompts.",
        ),
        io.Boolean.Input(
            "exact",
            default=True,
            advanced=True,
            tooltip="On: each picture is computed by itself, and votes do not depend on the "
            "batch. Off: the pictures of a batch are computed together, quicker on large GPUs.",
        ),
        io.Int.Input(
            "parts",
            default=1,
            min=1,
            max=100,
            advanced=True,
            tooltip="Count the votes of so many equal parts of the denoising apart; "
            "HRV Inspect shows whether heads change their concept on the way.",
        ),
    ]


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
                io.Combo.Input(
                    "prompts_from",
                    options=concept_library.prompt_sources(),
                    tooltip="Your own text, the pack's list of varied prompts, or a .txt file in "
                    "models/hrv/prompts with one prompt a line.",
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
                    "batch",
                    default=1,
                    min=1,
                    max=64,
                    tooltip="Pictures between two savings of the run; with exact off also the "
                    "pictures sampled at a time.",
                ),
                *_sampling_inputs(),
                *_run_inputs(),
            ],
            outputs=[
                HRV.Output(display_name="hrv", tooltip="For HRV Save and the HRV nodes."),
                io.Image.Output(display_name="heat_map", tooltip="Head relevance by concept."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        clip: Any,
        concepts: str,
        prompts_from: str,
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
        run: str = "",
        stop_at: float = 0.0,
        exact: bool = True,
        parts: int = 1,
    ) -> io.NodeOutput:
        words = parse_concepts(concepts)
        listed = concept_library.prompts_of(prompts_from, prompts, how_many)
        size = (width, height, batch)
        sampling = Sampling(seed, steps, cfg, sampler, scheduler, *size, recipe, exact, parts)
        path = concept_library.run_path(run)
        construction = Construction(model, clip, words, listed, sampling, path)
        for warning in shared_words(words):
            warn(warning)
        node = node_id(cls)
        record = construction.run(Reporter(node), stop_at)
        relevance = record.relevance()
        summary = split_half(record.votes)
        text = f"{record.done} pictures; {summary.summary(words.concepts)}"
        text = f"{text}\n{summary.table(words.concepts)}"
        show_text(text, node)
        image = to_image(heat_map(relevance, None, dark=True))
        return io.NodeOutput(relevance, image, ui=ui.PreviewText(text))
