"""HRV Explore: point at a word to see where it acts, and at the image to see its words."""

from __future__ import annotations

from comfy_api.latest import io, ui
from torch import Tensor

from ...hrv.relevance import HeadRelevance
from ..maps.captured import MAPS, CapturedMaps
from ..maps.images import image_of
from ..shared.inputs import CATEGORY, HRV
from ..shared.marks import EXPLORED
from .explored import Explored, explored_words
from .shelf import SHELF


class HRVExplore(io.ComfyNode):
    """Shows the attention maps of every word of a prompt on the page (arXiv 2604.05906)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVExplore",
            display_name="HRV Explore",
            category=CATEGORY,
            search_aliases=[
                "DAAM",
                "heat map",
                "heatmap",
                "attention map",
                "attention viewer",
                "where did the word go",
                "hover words",
            ],
            description="Point at a word of the prompt to see where in the image it acts; point at "
            "the image to see its words ranked. Choose a concept and how many of its most relevant "
            "heads count, without sampling again.",
            inputs=[
                MAPS.Input(
                    "maps",
                    tooltip="The maps that HRV Capture collected.",
                    extra_dict={EXPLORED: True},
                ),
                io.Latent.Input(
                    "samples",
                    tooltip="The LATENT straight from the sampler that uses HRV Capture's MODEL.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The decoded image to look at. Without it, a grey preview of the "
                    "latent.",
                ),
                HRV.Input(
                    "hrv",
                    optional=True,
                    tooltip="Head relevance vectors made for this model (HRV Load), to look "
                    "through the heads of a concept.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def fingerprint_inputs(cls, **_: object) -> float:
        """Never equal: each Run shelves its maps anew, so that Run is always the remedy."""
        return float("nan")

    @classmethod
    def execute(
        cls,
        maps: CapturedMaps,
        samples: dict[str, Tensor],
        image: Tensor | None = None,
        hrv: HeadRelevance | None = None,
    ) -> io.NodeOutput:
        latent = samples["samples"]
        captured = maps.of(latent)
        shown = image_of(image, latent, captured)
        words = explored_words(maps, captured)
        run = SHELF.put(Explored(words, captured, len(shown), hrv))
        images = ui.PreviewImage(shown, cls=cls).as_dict()["images"]
        return io.NodeOutput(ui={EXPLORED: [{"run": run, "images": images}]})
