"""Misreading Diagnosis: which concept's heads claim a word, and what to do about it."""

from __future__ import annotations

from comfy_api.latest import io, ui
from torch import Tensor

from ...hrv.relevance import HeadRelevance
from ...hrv.word_maps import Normalisation
from ..library.menus import any_concept, concept_input
from ..shared.inputs import CATEGORY, HRV, require_words
from .captured import CapturedMaps
from .images import image_of
from .inputs import TYPE_A_WORD, amount_inputs, map_inputs, scale_inputs
from .pages import Comparison, distinct_concepts, pages
from .settings import Amount, Scale, relevant_heads


class HRVMisreadingDiagnosis(io.ComfyNode):
    """Compares a word's maps through the heads of several concepts (arXiv 2604.05906)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVMisreadingDiagnosis",
            display_name="Misreading Diagnosis",
            category=CATEGORY,
            search_aliases=["ambiguous word", "why misread", "compare concepts", "heat map"],
            description="Compares how strongly the heads of several concepts attend to a word, "
            "and where, and suggests a Concept Adjust setting.",
            inputs=[
                *map_inputs(),
                HRV.Input("hrv", tooltip="Head relevance vectors made for this model (HRV Load)."),
                concept_input("meant", "The concept you meant."),
                concept_input("instead", "The concept it may be confused with.", "Plants"),
                io.String.Input(
                    "more_concepts",
                    display_name="more concepts",
                    default="",
                    advanced=True,
                    tooltip="More concepts to compare, separated by commas.",
                ),
                *amount_inputs(),
                *scale_inputs(),
                io.Combo.Input(
                    "theme",
                    options=["dark", "light"],
                    advanced=True,
                    tooltip="Light or dark panel.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="panel", tooltip="The captioned comparison."),
                io.String.Output(display_name="report", tooltip="Shares, overlaps and advice."),
            ],
            is_output_node=True,
        )

    validate_inputs = any_concept("meant", "instead")

    @classmethod
    def execute(
        cls,
        maps: CapturedMaps,
        samples: dict[str, Tensor],
        word: str,
        hrv: HeadRelevance,
        meant: str,
        instead: str,
        amount: float,
        unit: str,
        normalisation: Normalisation,
        threshold: float,
        theme: str,
        image: Tensor | None = None,
        more_concepts: str = "",
    ) -> io.NodeOutput:
        latent = samples["samples"]
        captured, layers = maps.word(latent, require_words(word, TYPE_A_WORD))
        concepts = distinct_concepts(hrv, [meant, instead, *more_concepts.split(",")])
        heads = Amount(amount=amount, unit=unit)
        chosen = [relevant_heads(hrv, concept, captured, heads) for concept in concepts]
        compared = Comparison(word.strip(), concepts, captured, layers, chosen)
        scale = Scale(normalisation=normalisation, threshold=threshold)
        shown = image_of(image, latent, captured)
        result, report = pages(compared, shown, scale, theme == "dark")
        return io.NodeOutput(result, report, ui=ui.PreviewImage(result, cls=cls))
