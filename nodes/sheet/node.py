"""HRV Sheet."""

from __future__ import annotations

from comfy_api.latest import io, ui
from torch import Tensor

from ...hrv.draw.sheet import sheet
from ..shared.images import SHOWN_AGAIN, to_image
from ..shared.inputs import CATEGORY
from .entries import read_entries


class HRVSheet(io.ComfyNode):
    """Images and labels, lists of equal length, as one captioned page."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVSheet",
            display_name="HRV Sheet",
            category=CATEGORY,
            search_aliases=["xy plot", "image grid", "contact sheet", "compare images", "captions"],
            **SHOWN_AGAIN,
            description="Lays images out side by side with a caption each, such as those of HRV "
            "Strength Sweep. Images keep their pixels.",
            is_input_list=True,
            inputs=[
                io.Image.Input(
                    "images",
                    tooltip="The images, as a list or as one batch. In a list of batches, each "
                    "batch is a row.",
                ),
                io.String.Input("title", default="", tooltip="A line above all. May stay empty."),
                io.Int.Input(
                    "columns",
                    default=0,
                    min=0,
                    max=64,
                    tooltip="Images in a row; 0: up to five. Not used where batches are rows.",
                ),
                io.Combo.Input("theme", options=["dark", "light"], tooltip="Colours of the sheet."),
                io.String.Input(
                    "labels",
                    optional=True,
                    force_input=True,
                    tooltip="The captions: connect the labels of HRV Strength Sweep, or a "
                    "text with one per line.",
                ),
            ],
            outputs=[io.Image.Output(display_name="sheet", tooltip="The page, to save it.")],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls,
        images: list[Tensor],
        title: list[str],
        columns: list[int],
        theme: list[str],
        labels: list[str] | None = None,
    ) -> io.NodeOutput:
        entries = read_entries(images, labels or [])
        page = to_image(sheet(entries, columns[0], title[0].strip(), theme[0] == "dark"))
        return io.NodeOutput(page, ui=ui.PreviewImage(page, cls=cls))
