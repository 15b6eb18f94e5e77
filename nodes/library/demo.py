"""HRV Demo Model: the small model that comes with the pack."""

from __future__ import annotations

from comfy_api.latest import io

from ...demo.model import load_demo_model
from ..shared.inputs import CATEGORY
from .folders import PRETRAINED


class HRVDemoModel(io.ComfyNode):
    """A tiny text-to-image model of SD1.x structure that knows the demo world."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVDemoModel",
            display_name="HRV Demo Model",
            category=CATEGORY,
            search_aliases=["tiny model", "try without a GPU", "example model"],
            description="A tiny model that comes with the pack, to try the HRV nodes in seconds, "
            "without a download or a GPU. It draws 64x64 scenes such as “a blue striped cat and a "
            "red boat on a rainy day”. Use Empty Latent Image at 64x64.",
            inputs=[],
            outputs=[
                io.Model.Output(tooltip="For the HRV nodes and the sampler."),
                io.Clip.Output(tooltip="For HRV Prompt."),
                io.Vae.Output(tooltip="For VAE Decode."),
            ],
        )

    @classmethod
    def execute(cls) -> io.NodeOutput:
        return io.NodeOutput(*load_demo_model(PRETRAINED / "demo_model.safetensors"))
