"""HRV Measure: the heads that turn a word towards one of its meanings."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io, ui

from ...hrv.draw.measured_panel import measured_panel
from ...hrv.measure.readings import Readings
from ..host.gradients import Checkpointing
from ..shared.images import to_image
from ..shared.inputs import CATEGORY, HRV
from ..shared.notify import node_id, show_text
from .inputs import measure_inputs
from .readings import read_scene
from .report import Reporter, clear_tiles, recorded, summary
from .run import measure
from .settings import MeasureSettings


class HRVMeasure(io.ComfyNode):
    """g = mean of ds/dr over steps and images: the pack's own method, not the papers'."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVMeasure",
            display_name="HRV Measure",
            category=CATEGORY,
            search_aliases=[
                "ambiguous word",
                "two meanings",
                "word sense",
                "gradient",
                "make vectors",
            ],
            description="For a word that can mean two things: measures which attention heads of "
            "your model turn it towards one meaning. Concept Adjust and Concept Strengthen steer "
            "by it.",
            inputs=measure_inputs(),
            outputs=[
                HRV.Output(display_name="hrv", tooltip="For Concept Adjust and HRV Save."),
                io.Image.Output(display_name="preview", tooltip="The readings and the heads."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        clip: Any,
        conditioning: Any,
        word: str,
        read_as: str,
        not_as: str,
        images: int,
        steps: int,
        seed: int,
        cfg: float,
        width: int,
        height: int,
        checkpointing: Checkpointing = "auto",
        vae: Any = None,
        passes: int = 1,
    ) -> io.NodeOutput:
        settings = MeasureSettings(images, steps, cfg, seed, width, height, checkpointing, passes)
        scene = read_scene(clip, conditioning, Readings(word, read_as, not_as))
        node = node_id(cls)
        tiles = clear_tiles(model, vae, scene, settings)  # first: an error costs no measurement
        measurement = measure(model, scene, settings, Reporter(node))
        relevance = recorded(model, clip, scene, settings, measurement)
        show_text(summary(measurement), node)
        image = to_image(measured_panel(relevance, tiles))
        return io.NodeOutput(relevance, image, ui=ui.PreviewImage(image, cls=cls))
