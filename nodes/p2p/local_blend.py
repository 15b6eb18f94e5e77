"""Local blend: outside the edited words' own attention the target image stays the source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import probabilities
from ...hrv.heads import CrossAttentionLayer
from ...hrv.p2p import blend_mask
from ...hrv.resolution import side
from ..host.hooks import Call, Hook, Phase, Run
from ..host.layers import on_projected
from ..prompts.tag import Prompt
from ..shared.notify import warn
from .pair_rows import PairState, pair_rows


class Words(NamedTuple):
    """The token positions of the blend words in the source and in the target prompt."""

    source: tuple[int, ...]
    target: tuple[int, ...]


@dataclass
class LocalBlendState(PairState):
    """maps (2, n, h, w): the word maps of source and target, summed over layers and steps."""

    maps: torch.Tensor | None = None


class LocalBlend(Hook[LocalBlendState]):
    """Sums the words' maps over layers of one size and all steps, and blends with their mask.

    Only layers with the latent's sides over `divisor` are read; 4 is the published rule.
    """

    phase = Phase.WATCH
    only_watches = True  # what it does with the maps comes after the guidance
    edits_denoised = True

    def __init__(
        self, pair: Prompt, words: Words, threshold: float, divisor: int, label: str
    ) -> None:
        self.pair, self.words, self.threshold = pair, words, threshold
        self.divisor, self.label = divisor, label

    def new_state(self) -> LocalBlendState:
        return LocalBlendState()

    def prompts(self) -> Iterable[Prompt]:
        return [self.pair]

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        if pair_rows(call, self.pair, call.run.state(self)) is None:
            return []
        return [
            handle
            for layer in call.layers
            for handle in on_projected(call, layer, partial(self._read, layer))
        ]

    def finish(self, run: Run) -> None:
        if run.state(self).maps is None:
            warn(
                f"{self.label} found no layer to read the local blend's mask from: at this "
                "image size none has the chosen share of the latent's pixels. Choose larger "
                "layers."
            )

    def after_guidance(self, run: Run, denoised: torch.Tensor) -> torch.Tensor:
        """x_t = x_s + mask (x_t - x_s) on the denoised latents (2n, channels, height, width)."""
        maps = run.state(self).maps
        if maps is None:
            return denoised
        height, width = denoised.shape[-2:]
        mask = blend_mask(maps, (height, width), self.threshold).to(denoised.device)
        blended = denoised.clone()
        blended[1::2] = torch.where(mask, denoised[1::2], denoised[0::2])
        return blended

    def _read(
        self, layer: CrossAttentionLayer, call: Call, q: torch.Tensor, k: torch.Tensor
    ) -> None:
        """Add the word maps of a layer of the chosen size to the sum."""
        height, width = (side(length, self.divisor) for length in call.x.shape[-2:])
        state = call.run.state(self)
        if q.shape[1] != height * width or not len(q) == len(k) == call.rows:
            return
        rows = pair_rows(call, self.pair, state)
        if rows is None:
            return
        members = zip(rows, self.pair.members, self.words, strict=True)
        # one copy of a repeated context is enough: its tokens' maps are those of all copies
        maps = torch.stack(
            [
                word_map(q[at], k[at, : own.tables[0].length], layer.heads, positions)
                for at, own, positions in members
            ]
        ).unflatten(-1, (height, width))
        state.maps = maps if state.maps is None else state.maps + maps


def word_map(
    q: torch.Tensor, k: torch.Tensor, heads: int, positions: tuple[int, ...]
) -> torch.Tensor:
    """Maps (n, N) of a word: mean over heads, sum over its tokens; zero without tokens."""
    return probabilities(q, k, heads, positions).mean(dim=1).sum(dim=-1)
