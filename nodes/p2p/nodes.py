"""P2P-HRV Edit and P2P Split."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io
from comfy_execution.graph_utils import ExecutionBlocker

from ...hrv.p2p import CrossEdit, exchange, reweight
from ...hrv.relevance import HeadRelevance
from ...hrv.rescale import blend, strengthening
from ...hrv.text.align import Alignment, Mapper, Mode, align
from ...hrv.text.search import in_any
from ..host.hooks import Hook
from ..host.model import model_heads
from ..host.patching import add_hooks
from ..library.menus import any_concept
from ..prompts.tag import Prompt
from ..shared.compatibility import require_compatible
from ..shared.inputs import CATEGORY, read_clamp
from ..shared.notify import node_id
from .inputs import edit_inputs, self_share
from .local_blend import LocalBlend, Words
from .pair_edit import PairEdit, Ranges
from .pairs import pair_conditioning, pair_latent, pair_prompt, single, split_latent, split_pairs

LABEL = "P2P-HRV Edit"
DIVISORS = {"1/16 of the latent": 4, "1/4 of the latent": 2, "all": 1}


class HRVP2PEdit(io.ComfyNode):
    """Prompt-to-Prompt with concept strengthening (arXiv 2412.02237, section 5.2)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVP2PEdit",
            display_name=LABEL,
            category=CATEGORY,
            description="Changes a colour, material, pattern, style or the weather and keeps the "
            "picture: makes it from the source prompt and from the target prompt side by side.",
            inputs=edit_inputs(list(DIVISORS)),
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
        prompts = single(source, "source"), single(target, "target")
        alignment = align(prompts[0].tables[0], prompts[1].tables[0], mode, mapper)
        r = None
        if hrv is not None:
            require_compatible(hrv, model)
            r = blend(strengthening(hrv, concept, read_clamp(clamp, clamp_at, hrv)), strength)
        heads = len(model_heads(model))
        cross = plan(prompts[1], alignment, mode, words, heads, r, weight)
        pair = pair_prompt(*prompts, node_id(cls))
        kept = self_share(self_replace, hrv is not None)
        ranges = Ranges(cross_replace, kept, DIVISORS[layers])
        hooks: list[Hook[Any]] = [PairEdit(pair, cross, ranges, LABEL)]
        if local_blend:
            found = blend_positions(prompts, alignment, blend_words)
            hooks.append(LocalBlend(pair, found, blend_threshold, DIVISORS[layers], LABEL))
        patched = add_hooks(model, hooks)
        return io.NodeOutput(patched, pair_conditioning(source, target, pair), pair_latent(latent))


class HRVP2PSplit(io.ComfyNode):
    """Parts the pictures of P2P-HRV Edit into source and edited."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVP2PSplit",
            display_name="P2P Split",
            category=CATEGORY,
            description="Parts what was sampled with P2P-HRV Edit into source and edited, in the "
            "same order: pictures, latents, or both.",
            inputs=[
                io.Image.Input(
                    "images", optional=True, tooltip="The decoded pictures of the sampler."
                ),
                io.Latent.Input(
                    "samples", optional=True, tooltip="The LATENT of the sampler, undecoded."
                ),
            ],
            outputs=[
                io.Image.Output(display_name="source", tooltip="What the source prompt gives."),
                io.Image.Output(display_name="edited", tooltip="The edited pictures."),
                io.Latent.Output(display_name="source latent", tooltip="The source's latents."),
                io.Latent.Output(display_name="edited latent", tooltip="The edited latents."),
            ],
        )

    @classmethod
    def execute(cls, images: Any = None, samples: Any = None) -> io.NodeOutput:
        if images is None and samples is None:
            raise ValueError(
                "P2P Split has nothing to part. Wire the decoded pictures into “images”, or the "
                "sampler's LATENT into “samples”."
            )
        pictures = _unwired("images") if images is None else split_pairs(images)
        latents = _unwired("samples") if samples is None else split_latent(samples)
        return io.NodeOutput(*pictures, *latents)


def _unwired(name: str) -> tuple[ExecutionBlocker, ExecutionBlocker]:
    """Outputs that stop whoever uses them, with the reason."""
    reason = f"P2P Split gives this only with “{name}” wired in."
    return ExecutionBlocker(reason), ExecutionBlocker(reason)


def plan(
    target: Prompt,
    alignment: Alignment,
    mode: Mode,
    words: str,
    heads: int,
    r: Any,
    weight: float,
) -> CrossEdit:
    """The cross-attention edit of the node's inputs; ValueError where they do not fit."""
    edited = target.find(words) if words.strip() else ()
    if mode == "reweight":
        if not edited:
            raise ValueError(f"{LABEL}: type the word to reweight into “words”.")
        return reweight(alignment, heads, edited, weight, r)
    if alignment.changed == ((), ()):
        raise ValueError(
            "The source and the target prompt have the same words, so there is nothing to edit. "
            "Change a word in the target prompt, or choose reweight."
        )
    if r is not None and not (edited or alignment.changed[1]):
        raise ValueError(
            "The target prompt only leaves words out, so no edited word can be strengthened. "
            "Type a word of the target prompt into “words”, or disconnect the HRV."
        )
    return exchange(alignment, heads, edited or alignment.changed[1], r)


def blend_positions(prompts: tuple[Prompt, Prompt], alignment: Alignment, words: str) -> Words:
    """Where the blend words stand in either prompt; the differing words if none are named."""
    if not words.strip():
        return Words(*alignment.changed)
    source, target = in_any(prompts, lambda prompt: prompt.find(words))
    return Words(source or (), target or ())
