"""A&E-HRV: every thing the prompt names is in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from comfy_api.latest import io

from ...hrv.excite.loss import ChosenToken, Kernel, Smoothing
from ...hrv.excite.plan import (
    MapSize,
    TokenSlice,
    WantedWord,
    parse_thresholds,
    parse_wanted,
    token_slots,
)
from ...hrv.relevance import HeadRelevance
from ..host.model import model_heads
from ..host.patching import add_hooks
from ..prompts.tag import Prompt, locate
from ..shared.compatibility import require_compatible
from ..shared.inputs import CATEGORY
from ..shared.notify import node_id, teller
from .inputs import KERNELS, SLICES, excite_inputs
from .look import Reading, Wanted
from .run import Checkpointing, Excite, Movement


class AttendExcite(io.ComfyNode):
    """Attend-and-Excite, with an HRV weighed by head relevance (arXiv 2412.02237, section 5.3)."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HRVAttendExcite",
            display_name="A&E-HRV",
            category=CATEGORY,
            description="For prompts with several things: while the picture is made, moves it so "
            "that each named word is attended to, and none of them is forgotten.",
            inputs=excite_inputs(),
            outputs=[io.Model.Output(tooltip="The model that moves the picture, for the sampler.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        model: Any,
        conditioning: Any,
        words: str,
        strength: float,
        move_until: float = 0.5,
        thresholds: str = "0: 0.05, 0.2: 0.5, 0.4: 0.8",
        refinements: int = 20,
        scale_factor: float = 20.0,
        range_start: float = 1.0,
        range_end: float = 0.5,
        smoothing: bool = True,
        smoothing_sigma: float = 0.5,
        smoothing_kernel: str = "as published",
        token_slice: str = "as published",
        map_size: MapSize = "auto",
        checkpointing: Checkpointing = "auto",
        hrv: HeadRelevance | None = None,
    ) -> io.NodeOutput:
        heads = model_heads(model)
        listed = parse_wanted(words)
        if hrv is not None:
            require_compatible(hrv, model)
        concepts = _concepts(listed, hrv)
        chosen = _token_slice(token_slice, hrv, heads.family)
        wanted = wanted_tokens(conditioning, listed, concepts, chosen)
        relevance = None if hrv is None else torch.stack([hrv.weights(name) for name in concepts])
        kernel = KERNELS[smoothing_kernel] or ("wide" if hrv is None else "gaussian")
        kind = Smoothing(cast(Kernel, kernel), smoothing_sigma) if smoothing else None
        scale = scale_factor * strength
        asked = parse_thresholds(thresholds)
        movement = Movement(move_until, scale, range_start, range_end, asked, refinements)
        tell = teller(node_id(cls))
        reading = Reading(wanted, relevance, map_size, kind)
        return io.NodeOutput(add_hooks(model, [Excite(reading, movement, checkpointing, tell)]))


def wanted_tokens(
    conditioning: Any,
    listed: Sequence[WantedWord],
    concepts: Sequence[str],
    choice: TokenSlice,
) -> tuple[Wanted, ...]:
    """The chosen tokens in each prompt that has any of the words; every token counts for itself.

    ValueError, listing the words there are, if no prompt contains a word.
    """
    prompts: dict[str, Prompt] = {}
    tokens: dict[str, list[tuple[ChosenToken, str]]] = {}
    for word, concept in listed:
        row = concepts.index(concept) if concepts and concept else 0
        for prompt, positions in locate(conditioning, word):
            prompts[prompt.id] = prompt
            found = [(ChosenToken(position, row), word) for position in positions]
            tokens.setdefault(prompt.id, []).extend(found)
    return tuple(
        Wanted(
            prompt,
            tuple(token for token, _ in tokens[identity]),
            tuple(word for _, word in tokens[identity]),
            token_slots(prompt.tables[0].length, prompt.semantic, choice),
        )
        for identity, prompt in prompts.items()
    )


def _concepts(listed: Sequence[WantedWord], hrv: HeadRelevance | None) -> list[str]:
    """The distinct concepts named; with an HRV every word must name one."""
    if hrv is None:
        return []
    for word, concept in listed:
        if concept is None:
            raise ValueError(
                f"A&E-HRV: say what “{word}” is, such as {word}: {hrv.concepts[0]}. The concepts "
                f"of this HRV are: {', '.join(hrv.concepts)}."
            )
        hrv.index(concept)
    return list(dict.fromkeys(concept for _, concept in listed if concept))


def _token_slice(choice: str, hrv: HeadRelevance | None, family: str) -> TokenSlice:
    """The published slice of each variant, unless another is chosen."""
    if SLICES[choice] != "auto":
        return cast(TokenSlice, SLICES[choice])
    if hrv is not None:
        return "all but first"
    return "words" if family.startswith("SD2") else "all but first and last"
