"""HRV Strength Sweep."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ...hrv.relevance import HeadRelevance
from ...hrv.text.strengths import read_strengths
from ..library.menus import NOTHING, concept_input
from ..shared.inputs import CATEGORY, hrv_input, model_input, prompt_input, words_input
from .strengths import Sweep, steered_models


class HRVStrengthSweep(io.ComfyNode):
    """The same word steered to several strengths: a list of models for one sampler."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVStrengthSweep",
            display_name="HRV Strength Sweep",
            category=CATEGORY,
            search_aliases=[
                "xy plot",
                "grid",
                "sweep",
                "slider sheet",
                "try several strengths",
                "compare strengths",
            ],
            description="Steers a word to several strengths, to find the right one. The ordinary "
            "KSampler after it runs once for each; HRV Sheet shows the images side by side.",
            inputs=[
                model_input(),
                hrv_input(),
                prompt_input(),
                words_input("The words to steer, as in the prompt: mouse. mouse#2 is the second."),
                concept_input("read_as", "What the word should mean.", shown="read as"),
                concept_input(
                    "not_as", "What it should not mean.", "Plants", "not as", or_nothing=True
                ),
                io.String.Input(
                    "strengths",
                    default="0, 0.5, 1, 1.5",
                    tooltip="The strengths to try: 0, 0.5, 1, 1.5 or 0 to 1.5 in 4. 0 is exactly "
                    "the plain image.",
                ),
            ],
            outputs=[
                io.Model.Output(
                    is_output_list=True, tooltip="A model for each strength, for the sampler."
                ),
                io.String.Output(
                    display_name="labels",
                    is_output_list=True,
                    tooltip="What each of them is called, for HRV Sheet.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(
        cls, read_as: str | None = None, not_as: str | None = None, strengths: str | None = None
    ) -> bool | str:
        """Whether the strengths can be read; any concept may be chosen, as the HRV decides."""
        try:
            read_strengths("0" if strengths is None else strengths)
        except ValueError as error:
            return f"HRV Strength Sweep: {error}"
        return True

    @classmethod
    def execute(
        cls,
        model: Any,
        hrv: HeadRelevance,
        conditioning: Any,
        words: str,
        read_as: str,
        not_as: str,
        strengths: str,
    ) -> io.NodeOutput:
        asked = Sweep(words, read_as, "" if not_as == NOTHING else not_as)
        listed = read_strengths(strengths)
        models = steered_models(model, hrv, conditioning, asked, listed)
        return io.NodeOutput(models, [label(each) for each in listed])


def label(strength: float) -> str:
    """The caption of an image of this strength."""
    return f"strength {strength:g}" if strength else "plain"
