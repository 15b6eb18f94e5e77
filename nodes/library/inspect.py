"""HRV Inspect: look at head relevance vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from comfy_api.latest import io, ui

from ...hrv.draw import similarity as figures
from ...hrv.draw.timestep_bins import parts_map
from ...hrv.relevance import HeadRelevance
from ..shared.inputs import CATEGORY, HRV, concept_input

VIEWS = [
    "heat map of one concept",
    "heat maps of all concepts",
    "similarity",
    "top heads",
    "parts of the denoising",
]


class HRVInspect(io.ComfyNode):
    """Draws an HRV as layers x heads, as a cosine matrix, or as a table of its top heads."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVInspect",
            display_name="HRV Inspect",
            category=CATEGORY,
            description="Shows which heads know a concept, how alike concepts are, and the most "
            "relevant heads by name.",
            inputs=[
                HRV.Input("hrv", tooltip="What to look at."),
                io.Combo.Input("view", options=VIEWS, tooltip="What to draw."),
                concept_input("concept", "For the views of one concept."),
                io.Int.Input(
                    "top",
                    default=10,
                    min=1,
                    max=50,
                    tooltip="How many heads the table of top heads lists.",
                ),
                io.Combo.Input("theme", options=["dark", "light"], tooltip="Colours of the plot."),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The plot.")],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, concept: str) -> bool:
        return True  # the wired HRV decides which concepts there are

    @classmethod
    def execute(
        cls, hrv: HeadRelevance, view: str, concept: str, top: int, theme: str
    ) -> io.NodeOutput:
        image = to_image(_draw(hrv, view, concept, top, theme == "dark"))
        return io.NodeOutput(image, ui=ui.PreviewImage(image, cls=cls))


def _draw(relevance: HeadRelevance, view: str, concept: str, top: int, dark: bool) -> np.ndarray:
    if view == VIEWS[0]:
        return figures.heat_map(relevance, concept, dark)
    if view == VIEWS[1]:
        return figures.heat_map(relevance, None, dark)
    if view == VIEWS[2]:
        return figures.concept_similarity(relevance, dark)
    if view == VIEWS[4]:
        return parts_map(relevance, dark)
    return figures.top_heads_table(relevance, concept, top, dark)


def to_image(pixels: np.ndarray) -> Any:
    """(H, W, 3) uint8 -> IMAGE (1, H, W, 3) float in 0..1."""
    return torch.from_numpy(pixels.copy()).float().div(255).unsqueeze(0)
