"""HRV Capture: keep every head's attention maps of a prompt while an ordinary sampler runs."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..host.model import steered_heads
from ..host.patching import add_hooks
from ..prompts.tag import prompts_of
from ..shared.inputs import CATEGORY, model_input
from ..shared.marks import words_of
from ..shared.notify import node_id
from .capture_hook import Capture
from .captured import MAPS, CapturedMaps
from .preview import MapPreview

KEEP_ON = ["sampling device", "CPU"]


class HRVCapture(io.ComfyNode):
    """Accumulates per-head attention maps of a prompt (arXiv 2604.05906, section 2)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVCapture",
            display_name="HRV Capture",
            category=CATEGORY,
            search_aliases=[
                "DAAM",
                "attention maps",
                "cross-attention",
                "heat map",
                "live preview",
            ],
            description="Records the attention maps of every word and head while the sampler "
            "runs; the image does not change. View them with Selective Attention Map or "
            "Misreading Diagnosis: word, concept and heads can be changed without sampling again.",
            inputs=[
                model_input(),
                io.Conditioning.Input(
                    "conditioning",
                    tooltip="The HRV Prompt to watch. Connect the same one to the sampler.",
                ),
                io.Combo.Input(
                    "keep_on",
                    display_name="keep maps on",
                    options=KEEP_ON,
                    advanced=True,
                    tooltip="Where the maps lie while sampling: CPU saves memory of the GPU "
                    "(10 tokens: 9 MB on SD1.5 at 512x512, 66 MB on SDXL at 1024x1024).",
                ),
                io.String.Input(
                    "preview_word",
                    display_name="preview word",
                    default="",
                    tooltip="A word whose map, over all heads, grows on this node while the "
                    "sampler runs. Leave empty for none. Changing it samples again.",
                    extra_dict=words_of("conditioning", form="phrase"),
                ),
            ],
            outputs=[
                io.Model.Output(tooltip="The watched model, for the sampler."),
                MAPS.Output(display_name="maps", tooltip="Filled while the sampler runs."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls, model: Any, conditioning: Any, keep_on: str = KEEP_ON[0], preview_word: str = ""
    ) -> io.NodeOutput:
        prompts = prompts_of(conditioning)
        if not any(prompt.semantic for prompt in prompts):
            raise ValueError("HRV Capture: the prompt is empty. Write a word to watch.")
        maps = CapturedMaps(prompts, steered_heads(model))
        preview = None
        if preview_word.strip():
            preview = MapPreview(node_id(cls), maps.columns(preview_word))
        capture = Capture(maps, keep_on == "CPU", preview)
        return io.NodeOutput(add_hooks(model, [capture]), maps)
