"""Rescaling a word's attention maps head by head while the model samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import token_factors
from ...hrv.heads import CrossAttentionLayer
from ..host.hooks import Call, Hook, PromptRows, Run, layer_name
from ..host.layers import on_values
from ..prompts.tag import Prompt
from ..shared.notify import warn, warn_bypassed


@dataclass(frozen=True)
class WordRescale:
    """Rescale the columns `positions` of one prompt's attention maps by r, head by head.

    positions: token positions in the prompt's own length; r (H,), float32; it acts where
    sigma_start >= sigma >= sigma_end.
    """

    prompt: Prompt
    positions: tuple[int, ...]
    r: torch.Tensor
    sigma_start: float
    sigma_end: float

    def acts(self, call: Call) -> bool:
        """Whether the call is within its range and has its prompt."""
        within = self.sigma_end <= call.sigma <= self.sigma_start
        return within and call.may_have(self.prompt)


class _Layout(NamedTuple):
    """All that the factors of one layer depend on."""

    layer: tuple[str, int]
    active: tuple[int, ...]  # numbers of the word rescales
    prompts: tuple[tuple[PromptRows, int, int, int], ...]  # each with its slice of rows
    rows: int
    tokens: int
    device: torch.device


@dataclass
class RescaleState:
    """Whether any word was rescaled, any layer asked how, the last layer not reached, the factors.

    factors: of each layout so far, None where all of them are 1.
    """

    acted: bool = False
    asked: bool = False
    bypassed: str = ""
    factors: dict[_Layout, torch.Tensor | None] = field(default_factory=dict)


class Rescale(Hook[RescaleState]):
    """The hook of the steering nodes: M diag(s) V = M (s V), in every layer that reads the text."""

    on_transformers = True
    anywhere = True

    def __init__(self, words: Sequence[WordRescale], label: str) -> None:
        self.words, self.label = tuple(words), label

    def new_state(self) -> RescaleState:
        return RescaleState()

    def prompts(self) -> Iterable[Prompt]:
        return [word.prompt for word in self.words]

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        active = [number for number, word in enumerate(self.words) if word.acts(call)]
        if not active:
            return []
        call.run.state(self).acted = True
        return [handle for layer in call.layers for handle in self._on(call, layer, active)]

    def finish(self, run: Run) -> None:
        state = run.state(self)
        never = [word.prompt for word in self.words if word.prompt.id in {*run.sought} - run.met]
        if never:
            warn(f"{self.label} had no effect: “{never[0].text}” was in no step of this sampling.")
        elif not state.acted:
            warn(
                f"{self.label} had no effect: no step of this sampling fell into its start/end "
                "percent while its prompt was active. Widen the range, or check denoise and the "
                "prompt's own timestep range."
            )
        elif not state.asked:
            warn(  # an error now would lose the image
                f"{self.label} had no effect: the model skipped its layers in every step in which "
                "it was to act. Nodes that cache steps (EasyCache, for example) and compiled "
                "models (torch.compile) do so. Remove that node, or widen the start/end percent."
            )
        if state.bypassed:
            warn_bypassed(self.label, state.bypassed)

    def _on(
        self, call: Call, layer: CrossAttentionLayer, active: Sequence[int]
    ) -> Iterable[RemovableHandle]:
        state = call.run.state(self)

        def factors(at: Call, device: torch.device) -> torch.Tensor | None:
            state.asked = True
            return self._factors(at, layer, active, device)

        def missed() -> None:
            state.bypassed = layer_name(layer)

        return on_values(call, layer, factors, missed)

    def _factors(
        self, call: Call, layer: CrossAttentionLayer, active: Sequence[int], device: torch.device
    ) -> torch.Tensor | None:
        """Factors (rows, tokens, heads) of one layer, computed once per layout and kept."""
        kept = call.run.state(self).factors
        layout = _Layout(
            layer=(layer.stage, layer.layer),
            active=tuple(active),
            prompts=tuple((p, s.start, s.stop, s.step) for p, s in call.everywhere()),
            rows=call.rows,
            tokens=call.tokens,
            device=device,
        )
        if layout not in kept:
            span = call.heads.span(layer.stage, layer.layer)
            factors = torch.ones(call.rows, call.tokens, span.stop - span.start)
            for prompt, rows in call.everywhere():
                factors[rows] *= self._prompt_factors(call.tokens, prompt, active, span)
            kept[layout] = None if bool((factors == 1).all()) else factors.to(device)
        return kept[layout]

    def _prompt_factors(
        self, tokens: int, prompt: PromptRows, active: Sequence[int], span: slice
    ) -> torch.Tensor:
        """Factors (tokens, heads): the product of all active rescales of this prompt."""
        product = torch.ones(tokens, span.stop - span.start)
        for word in (self.words[number] for number in active):
            if prompt.prompt_id == word.prompt.id:
                positions = [position + prompt.shift for position in word.positions]
                own = token_factors(tokens, positions, word.r[span], prompt.length)
                product = product * own
        return product
