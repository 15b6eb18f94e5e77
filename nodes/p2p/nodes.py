"""P2P-HRV Edit and P2P Split."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io
from comfy_execution.graph_utils import ExecutionBlocker

from ...hrv.relevance import HeadRelevance
from ...hrv.rescale import blend, emphasis
from ...hrv.text.align import Mapper, Mode
from ...hrv.text.untrusted import require_number
from ..host.model import model_heads
from ..host.patching import add_hooks
from ..library.compatibility import require_compatible
from ..library.menus import any_concept
from ..shared.inputs import CATEGORY, read_clamp
from ..shared.notify import node_id
from .inputs import DIVISORS, edit_inputs, self_share
from .pairs import pair_conditioning, pair_latent, pair_prompt, single, split_latent, split_pairs
from .plan import pair_hooks
from .settings import LABEL, Blend, P2PSettings, Ranges, WordEdit


class HRVP2PEdit(io.ComfyNode):
    """Prompt-to-Prompt with concept strengthening (arXiv 2412.02237, section 5.2)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVP2PEdit",
            display_name=f"Change a Word ({LABEL})",
            category=CATEGORY,
            search_aliases=[
                "prompt to prompt",
                "prompt-to-prompt",
                "p2p",
                "edit an image",
                "change a word",
                "swap a word",
            ],
            description="Changes a colour, material, pattern, style or the weather and keeps the "
            "rest of the image, by sampling the source and the target prompt side by side "
            "(Prompt-to-Prompt).",
            inputs=edit_inputs(),
            outputs=[
                io.Model.Output(tooltip="The model that edits, for the sampler."),
                io.Conditioning.Output(tooltip="Both prompts, for the sampler's positive."),
                io.Latent.Output(tooltip="Source and target latents in turn, for the sampler."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    validate_inputs = any_concept("concept")

    @classmethod
    def execute(
        cls,
        model: Any,
        source: Any,
        target: Any,
        latent: Any,
        mode: Mode,
        words: str,
        cross_replace: float,
        self_replace: dict[str, Any],
        concept: str,
        strength: float,
        weight: float = 1.0,
        layers: str = "1/16 of the latent",
        mapper: Mapper = "corrected",
        clamp: str = "auto",
        clamp_at: float = 9.0,
        local_blend: bool = False,
        blend_words: str = "",
        blend_threshold: float = 0.3,
        hrv: HeadRelevance | None = None,
    ) -> io.NodeOutput:
        pair = pair_prompt(single(source, "source"), single(target, "target"), node_id(cls))
        kept = self_share(self_replace, hrv is not None)
        settings = P2PSettings(
            edit=WordEdit(mode=mode, words=words, mapper=mapper, weight=weight),
            ranges=Ranges(cross_replace, kept, DIVISORS[layers]),
            blend=Blend(words=blend_words, threshold=blend_threshold) if local_blend else None,
        )
        r = None
        if hrv is not None:
            require_compatible(hrv, model)
            require_number(f"{LABEL}: strength", strength)
            r = blend(emphasis(hrv, concept, read_clamp(clamp, clamp_at, hrv)), strength)
        patched = add_hooks(model, pair_hooks(pair, settings, len(model_heads(model)), r))
        return io.NodeOutput(patched, pair_conditioning(source, target, pair), pair_latent(latent))


class HRVP2PSplit(io.ComfyNode):
    """Separates the images of P2P-HRV Edit into source and edited."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVP2PSplit",
            display_name="P2P Split",
            category=CATEGORY,
            search_aliases=["prompt to prompt", "p2p", "source and edited"],
            description="Splits what was sampled with P2P-HRV Edit into source and edited images, "
            "latents, or both.",
            inputs=[
                io.Image.Input(
                    "images", optional=True, tooltip="The decoded images of the sampler."
                ),
                io.Latent.Input(
                    "samples", optional=True, tooltip="The LATENT of the sampler, undecoded."
                ),
            ],
            outputs=[
                io.Image.Output(display_name="source", tooltip="What the source prompt gives."),
                io.Image.Output(display_name="edited", tooltip="The edited images."),
                io.Latent.Output(display_name="source latent", tooltip="The source's latents."),
                io.Latent.Output(display_name="edited latent", tooltip="The edited latents."),
            ],
        )

    @classmethod
    def execute(cls, images: Any = None, samples: Any = None) -> io.NodeOutput:
        if images is None and samples is None:
            raise ValueError(
                "P2P Split has nothing to separate. Connect the decoded images to “images”, or "
                "the sampler's LATENT to “samples”."
            )
        found = _missing("images") if images is None else split_pairs(images)
        latents = _missing("samples") if samples is None else split_latent(samples)
        return io.NodeOutput(*found, *latents)


def _missing(name: str) -> tuple[ExecutionBlocker, ExecutionBlocker]:
    """Outputs that stop whoever uses them, with the reason."""
    reason = f"This output of P2P Split needs “{name}” to be connected."
    return ExecutionBlocker(reason), ExecutionBlocker(reason)
