"""Concept Strengthen, Concept Adjust and Ordered Weaken."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ...hrv.head_choice import head_order
from ...hrv.relevance import HeadRelevance
from ...hrv.rescale import (
    WEAKENING_FACTOR,
    adjusting,
    blend,
    ranking,
    strengthening,
    weakening,
)
from ..library.menus import any_concept, concept_input
from ..shared.inputs import (
    CATEGORY,
    clamp_inputs,
    head_count,
    hrv_input,
    model_input,
    percent_inputs,
    prompt_input,
    read_clamp,
    require_words,
    strength_input,
    words_input,
)
from .steering import Steering, steered

WORDS_TIP = (
    "The words to steer, exactly as written in the prompt, separated by commas: vase, red car. "
    "If a word appears several times, all are steered; mouse#2 means only the second."
)
_TYPE_A_WORD = "type the word of the prompt to steer into “words”."


def _word_inputs(*concepts: Any) -> list[Any]:
    """The inputs of a node that steers words by these concepts."""
    return [
        model_input(),
        hrv_input(),
        prompt_input(),
        words_input(WORDS_TIP),
        *concepts,
        strength_input(),
        *clamp_inputs(),
        *percent_inputs(),
    ]


class HRVConceptStrengthen(io.ComfyNode):
    """Concept strengthening: r = h[concept] (arXiv 2412.02237, section 5)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVConceptStrengthen",
            display_name="Concept Strengthen",
            category=CATEGORY,
            search_aliases=[
                "stronger word",
                "emphasize a word",
                "prompt weight",
                "attention heads",
            ],
            description="Strengthens what a word says about one concept, through the attention "
            "heads that respond to that concept: a colour word affects colour more, a material "
            "word the material.",
            inputs=_word_inputs(
                concept_input("concept", "The concept that the word should express more.")
            ),
            outputs=[io.Model.Output(tooltip="The steered model, for the sampler.")],
        )

    validate_inputs = any_concept("concept")

    @classmethod
    def execute(
        cls,
        model: Any,
        hrv: HeadRelevance,
        conditioning: Any,
        words: str,
        concept: str,
        strength: float,
        clamp: str = "auto",
        clamp_at: float = 9.0,
        start_percent: float = 0.0,
        end_percent: float = 1.0,
    ) -> io.NodeOutput:
        require_words(words, f"Concept Strengthen: {_TYPE_A_WORD}")
        r = blend(strengthening(hrv, concept, read_clamp(clamp, clamp_at, hrv)), strength)
        label = f"Concept Strengthen ({words}: {concept})"
        steering = Steering(label, words, r, start_percent, end_percent)
        return io.NodeOutput(steered(model, hrv, conditioning, steering))


class HRVConceptAdjust(io.ComfyNode):
    """Concept adjusting: r = a h[desired] - b h[undesired] (arXiv 2412.02237, figure 4)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVConceptAdjust",
            display_name="Concept Adjust",
            category=CATEGORY,
            search_aliases=[
                "ambiguous word",
                "two meanings",
                "misread word",
                "read a word as",
                "attention heads",
            ],
            description="For a word that can mean two things: pulls it towards one concept and "
            "away from the other (lavender: Color, not Plants).",
            inputs=[
                *_word_inputs(
                    concept_input("desired", "What the word should mean."),
                    concept_input("undesired", "What the word should not be taken for.", "Plants"),
                ),
                _weight_input("desired_weight", 2.0, "Weight of the desired concept (paper: 2)."),
                _weight_input(
                    "undesired_weight",
                    1.0,
                    "Weight with which the undesired concept is pushed away (paper: 1).",
                ),
            ],
            outputs=[io.Model.Output(tooltip="The steered model, for the sampler.")],
        )

    validate_inputs = any_concept("desired", "undesired")

    @classmethod
    def execute(
        cls,
        model: Any,
        hrv: HeadRelevance,
        conditioning: Any,
        words: str,
        desired: str,
        undesired: str,
        strength: float,
        clamp: str = "auto",
        clamp_at: float = 9.0,
        start_percent: float = 0.0,
        end_percent: float = 1.0,
        desired_weight: float = 2.0,
        undesired_weight: float = 1.0,
    ) -> io.NodeOutput:
        require_words(words, f"Concept Adjust: {_TYPE_A_WORD}")
        upper = read_clamp(clamp, clamp_at, hrv)
        r = adjusting(hrv, desired, undesired, desired_weight, undesired_weight, upper)
        label = f"Concept Adjust ({words}: {desired}, not {undesired})"
        steering = Steering(label, words, blend(r, strength), start_percent, end_percent)
        return io.NodeOutput(steered(model, hrv, conditioning, steering))


class HRVOrderedWeaken(io.ComfyNode):
    """Ordered weakening of heads (arXiv 2412.02237, section 4)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVOrderedWeaken",
            display_name="Ordered Weaken",
            category=CATEGORY,
            search_aliases=[
                "remove a concept",
                "weaken heads",
                "MoRHF",
                "LeRHF",
                "ablation",
                "erase",
            ],
            description="Weakens attention heads in order of their relevance to a concept, to "
            "see what disappears. Starting with the least relevant heads should leave the concept "
            "intact.",
            inputs=[
                model_input(),
                hrv_input(),
                prompt_input(),
                concept_input("concept", "Heads are ranked by their relevance to this concept."),
                io.Combo.Input(
                    "order",
                    options=["MoRHF", "LeRHF", "random"],
                    tooltip="MoRHF: most relevant heads first, the concept vanishes early. "
                    "LeRHF: least relevant first, it stays longest. random: for comparison.",
                ),
                io.Float.Input(
                    "amount",
                    display_name="how many heads",
                    default=10.0,
                    min=0.0,
                    max=10000.0,
                    step=1.0,
                    tooltip="How many heads to weaken, as a number or as a share of all.",
                ),
                io.Combo.Input(
                    "unit",
                    display_name="counted in",
                    options=["heads", "percent"],
                    tooltip="heads: a number of heads (SD1.x has 128, SDXL 1300). "
                    "percent: a share of them.",
                ),
                io.Float.Input(
                    "factor",
                    display_name="weakened to",
                    default=WEAKENING_FACTOR,
                    min=-4.0,
                    max=2.0,
                    step=0.1,
                    tooltip="Factor for the weakened heads' attention maps. 1: unchanged, 0: off, "
                    "-2 (paper): strongest removal.",
                ),
                words_input("Weaken only these words; leave empty for the whole prompt."),
                io.Int.Input(
                    "order_seed",
                    display_name="order seed",
                    default=0,
                    min=0,
                    max=2**31 - 1,
                    advanced=True,
                    tooltip="Seed of the random order.",
                ),
                *percent_inputs(),
                io.Boolean.Input(
                    "spare_others",
                    display_name="spare other concepts",
                    default=False,
                    optional=True,
                    advanced=True,
                    tooltip="Measured vectors only: ranks the heads by what they do to this "
                    "concept beyond what they do to every concept, so that less else is lost.",
                ),
            ],
            outputs=[io.Model.Output(tooltip="The weakened model, for the sampler.")],
        )

    validate_inputs = any_concept("concept")

    @classmethod
    def execute(
        cls,
        model: Any,
        hrv: HeadRelevance,
        conditioning: Any,
        concept: str,
        order: Any,
        amount: float,
        unit: str,
        factor: float,
        words: str = "",
        order_seed: int = 0,
        start_percent: float = 0.0,
        end_percent: float = 1.0,
        spare_others: bool = False,
    ) -> io.NodeOutput:
        count = head_count(amount, unit, len(hrv.heads), "Ordered Weaken")
        ranked = ranking(hrv, concept, spare_others)
        r = weakening(head_order(ranked, order, order_seed), count, factor)
        label = f"Ordered Weaken ({concept}, {count} heads)"
        steering = Steering(label, words, r, start_percent, end_percent)
        return io.NodeOutput(steered(model, hrv, conditioning, steering))


def _weight_input(name: str, default: float, tooltip: str) -> Any:
    return io.Float.Input(
        name,
        display_name=name.replace("_", " "),
        default=default,
        min=0.0,
        max=10.0,
        step=0.1,
        advanced=True,
        tooltip=tooltip,
    )
