"""The inputs of HRV Construct."""

from __future__ import annotations

from typing import Any

import comfy.samplers
from comfy_api.latest import io

from ...hrv.construct.algorithm import RECIPES, VOTE_RULES
from ...hrv.construct.concepts import ConceptWords
from ...hrv.measure.concept_defaults import default_templates
from ..library import concept_lists as concept_library
from .run import drawn_texts, measured_prompts
from .settings import MEASURED, ConstructSettings, Measuring


def construct_inputs() -> list[Any]:
    """All inputs: what votes on what, how images are sampled, how the run is kept."""
    return [*_voting_inputs(), *_sampling_inputs(), *_run_inputs()]


def _voting_inputs() -> list[Any]:
    """The model, the concepts and the prompts."""
    return [
        io.Model.Input("model", tooltip="The model whose heads vote; it is not changed."),
        io.Clip.Input("clip", tooltip="The CLIP of the same checkpoint."),
        io.String.Input(
            "concepts",
            multiline=True,
            default="Color: red, green, blue, yellow, purple\nAnimals: cat, dog, bird, fish, horse",
            tooltip="One concept per line, with words that stand for it: "
            "Color: red, green, blue. Heads choose between the concepts listed here.",
        ),
        io.Combo.Input(
            "prompts_from",
            display_name="prompts from",
            options=concept_library.prompt_sources(),
            tooltip="Your own text, the pack's list of varied prompts, or a .txt file in "
            "models/hrv/prompts with one prompt per line.",
        ),
        io.String.Input(
            "prompts",
            multiline=True,
            default="a photo of a red cat\na photo of a blue bird",
            tooltip="One prompt per line. More and more varied prompts give steadier "
            "vectors; the paper used 2,100.",
        ),
        io.Int.Input(
            "how_many",
            display_name="how many prompts",
            default=0,
            min=0,
            max=100000,
            advanced=True,
            tooltip="Use only the first N prompts; 0 uses all. With recipe measured: 8 "
            "for each concept, at least 64.",
        ),
        io.Int.Input(
            "batch",
            display_name="images per save",
            default=1,
            min=1,
            max=64,
            advanced=True,
            tooltip="Images between two savings of the run; with exact off also the "
            "images sampled at a time.",
        ),
    ]


def _sampling_inputs() -> list[Any]:
    """How images are sampled."""
    return [
        io.Int.Input(
            "seed",
            default=0,
            min=0,
            max=2**63 - 1,
            advanced=True,
            tooltip="Seed of the noise and of the random choice of words.",
        ),
        io.Int.Input(
            "steps",
            default=50,
            min=1,
            max=1000,
            advanced=True,
            tooltip="Sampling steps of each image (paper: 50).",
        ),
        io.Float.Input(
            "cfg",
            default=7.5,
            min=0.0,
            max=100.0,
            step=0.1,
            advanced=True,
            tooltip="Guidance; use the checkpoint's usual setting.",
        ),
        io.Combo.Input(
            "sampler",
            options=comfy.samplers.KSampler.SAMPLERS,
            advanced=True,
            tooltip="Use the checkpoint's usual sampler.",
        ),
        io.Combo.Input(
            "scheduler",
            options=comfy.samplers.KSampler.SCHEDULERS,
            advanced=True,
            tooltip="Use the checkpoint's usual scheduler.",
        ),
        io.Int.Input("width", default=512, min=16, max=8192, step=8, tooltip="In pixels."),
        io.Int.Input("height", default=512, min=16, max=8192, step=8, tooltip="In pixels."),
        _recipe(),
    ]


def _recipe() -> Any:
    measuring = [
        io.String.Input(
            "templates",
            multiline=True,
            default="",
            placeholder="a photo of a {Color} {Animals|Vehicles} (empty: the pack's own lines)",
            tooltip="Prompts with places for the concepts' words, one per line: a photo of a "
            "{Color} {Animals|Vehicles}. {object} is a plain noun. Empty: lines that the pack has "
            "for your concepts.",
        ),
        io.Int.Input("images", default=1, min=1, max=100, tooltip="Images of each prompt."),
        io.Int.Input(
            "swaps",
            default=3,
            min=1,
            max=100,
            tooltip="Other words that each concept's word is swapped for. More give steadier "
            "vectors from few prompts, at a U-Net call each.",
        ),
    ]
    return io.DynamicCombo.Input(
        "recipe",
        options=[
            *(io.DynamicCombo.Option(name, []) for name in RECIPES),
            io.DynamicCombo.Option(MEASURED, measuring),
        ],
        tooltip="paper: heads vote, Algorithm 1 as printed. authors: as their published files were "
        "made (start token in the softmax, one draw per layer). measured: prompts are drawn from "
        "templates, and what each head does to a concept is measured; the listed prompts are not "
        "used.",
    )


def read_recipe(recipe: dict[str, Any] | str, words: ConceptWords) -> tuple[Any, Measuring]:
    """The recipe's name, and what recipe measured needs, with the pack's templates where none."""
    chosen = {"recipe": recipe} if isinstance(recipe, str) else recipe
    if chosen["recipe"] != MEASURED:
        return chosen["recipe"], Measuring()
    templates = str(chosen.get("templates", "")).strip() or default_templates(words)
    images, swaps = int(chosen.get("images", 1)), int(chosen.get("swaps", 3))
    return MEASURED, Measuring(templates=templates, images=images, swaps=swaps)


def listed_prompts(
    source: str, text: str, how_many: int, words: ConceptWords, settings: ConstructSettings
) -> list[str]:
    """The prompts of a listed source, or as recipe measured draws them."""
    if settings.recipe == MEASURED:
        return drawn_texts(words, settings, how_many or measured_prompts(words))
    return concept_library.prompts_of(source, text, how_many)


def _run_inputs() -> list[Any]:
    """How a run is kept and when it ends."""
    return [
        io.String.Input(
            "run",
            display_name="name of this run",
            default="",
            tooltip="A name for this run. Its votes are kept in models/hrv/runs, and running it "
            "again goes on where it stopped. Without a name nothing is kept.",
        ),
        io.Float.Input(
            "stop_at",
            display_name="stop at agreement",
            default=0.0,
            min=0.0,
            max=1.0,
            step=0.005,
            advanced=True,
            tooltip="End early when both halves of the images give such similar vectors for "
            "every concept (cosine), such as 0.98. 0: use all prompts.",
        ),
        io.Boolean.Input(
            "exact",
            display_name="exact votes",
            default=True,
            advanced=True,
            tooltip="On: each image is computed by itself, and votes do not depend on the "
            "batch. Off: the images of a batch are computed together, quicker on large GPUs.",
        ),
        io.Int.Input(
            "parts",
            display_name="timestep bins",
            default=1,
            min=1,
            max=100,
            advanced=True,
            tooltip="Count the votes in so many timestep bins (equal parts of the denoising); "
            "HRV Inspect shows whether heads change their concept on the way.",
        ),
        io.Combo.Input(
            "vote",
            options=list(VOTE_RULES),
            default="highest",
            optional=True,
            advanced=True,
            tooltip="What of a head's attention counts. highest: one vote for the concept it "
            "attends to most, as published. sum: its attention to every concept. maximum: its "
            "attention to the one it attends to most. The paper decides against the last two.",
        ),
    ]
