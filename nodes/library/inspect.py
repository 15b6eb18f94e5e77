"""HRV Inspect: look at head relevance vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from comfy_api.latest import io, ui

from ...hrv.draw.heat_maps import heat_map
from ...hrv.draw.similarity import concept_similarity
from ...hrv.draw.timestep_bins import timestep_bins_map
from ...hrv.draw.top_heads import top_heads_table
from ...hrv.relevance import HeadRelevance
from ..shared.images import to_image
from ..shared.inputs import CATEGORY, HRV
from .menus import any_concept, concept_input

_Draw = Callable[[HeadRelevance, str, int, bool], np.ndarray]
# Each view of an HRV: drawn from the HRV, a concept, how many heads to list, and dark or light.
VIEWS: dict[str, _Draw] = {
    "heat map of one concept": lambda hrv, concept, top, dark: heat_map(hrv, concept, dark),
    "heat maps of all concepts": lambda hrv, concept, top, dark: heat_map(hrv, None, dark),
    "similarity": lambda hrv, concept, top, dark: concept_similarity(hrv, dark),
    "top heads": top_heads_table,
    "parts of the denoising": lambda hrv, concept, top, dark: timestep_bins_map(hrv, dark),
}


class HRVInspect(io.ComfyNode):
    """Draws an HRV as layers x heads, as a cosine matrix, or as a table of its top heads."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVInspect",
            display_name="HRV Inspect",
            category=CATEGORY,
            search_aliases=["heat map of heads", "attention heads", "similarity", "timestep bins"],
            description="Plots head relevance: heat maps, similarity of concepts, or a table of "
            "the most relevant heads.",
            inputs=[
                HRV.Input("hrv", tooltip="What to look at."),
                io.Combo.Input("view", options=list(VIEWS), tooltip="What to draw."),
                concept_input("concept", "Used by the views that show one concept."),
                io.Int.Input(
                    "top",
                    display_name="heads listed",
                    default=10,
                    min=1,
                    max=50,
                    tooltip="Number of heads in the table.",
                ),
                io.Combo.Input("theme", options=["dark", "light"], tooltip="Colours of the plot."),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The plot.")],
            is_output_node=True,
        )

    validate_inputs = any_concept("concept")

    @classmethod
    def execute(
        cls, hrv: HeadRelevance, view: str, concept: str, top: int, theme: str
    ) -> io.NodeOutput:
        image = to_image(VIEWS[view](hrv, concept, top, theme == "dark"))
        return io.NodeOutput(image, ui=ui.PreviewImage(image, cls=cls))
