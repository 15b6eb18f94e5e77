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
            description="Shows why a prompt was misread: how far the heads of each concept claim "
            "a word, where they see it, and which Concept Adjust that suggests.",
            inputs=[
                *map_inputs(),
                HRV.Input("hrv", tooltip="Head relevance vectors made for this model (HRV Load)."),
                concept_input("meant", "What the word was meant as."),
                concept_input("instead", "What it may have been taken for.", "Plants"),
                io.String.Input(
                    "more_concepts",
                    default="",
                    tooltip="More readings to compare, separated by commas.",
                ),
                *amount_inputs(),
                *scale_inputs(),
                io.Combo.Input("theme", options=["dark", "light"], tooltip="Colours of the page."),
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
