"""Local blend: outside the edited words' own attention the target image stays the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import probabilities
from ...hrv.p2p import blend_mask
from ...hrv.resolution import side
from ..host.hooks import Call, Hook, Phase, Run
from ..prompts.tag import Prompt
from ..shared.notify import warn
from .pair_rows import PairState, Rows, pair_rows


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
        rows = pair_rows(call, self.pair, call.run.state(self))
        if rows is None:
            return []
        handles: list[RemovableHandle] = []
        for layer in call.layers:
            attention: Any = layer.attention
            keep, add = self._reader(call, rows, layer.heads)
            handles.append(attention.to_q.register_forward_hook(keep))
            handles.append(attention.to_k.register_forward_hook(add))
        return handles

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

    def _reader(
        self, call: Call, rows: Rows, heads: int
    ) -> tuple[Callable[..., None], Callable[..., None]]:
        """Hooks on to_q and to_k of one layer that add its word maps to the sum."""
        height, width = (side(length, self.divisor) for length in call.x.shape[-2:])
        queries: list[torch.Tensor] = []

        def keep(_module: Any, _args: Any, q: torch.Tensor) -> None:
            if len(q) == call.rows and q.shape[1] == height * width:
                queries.append(q)

        def add(_module: Any, _args: Any, k: torch.Tensor) -> None:
            if not queries or len(k) != call.rows:
                return
            q, state = queries.pop(), call.run.state(self)
            members = zip(rows, self.pair.members, self.words, strict=True)
            maps = torch.stack(
                [
                    word_map(q[at], k[at, : own.tables[0].length], heads, positions)
                    for at, own, positions in members
                ]
            ).unflatten(-1, (height, width))
            state.maps = maps if state.maps is None else state.maps + maps

        return keep, add


def word_map(
    q: torch.Tensor, k: torch.Tensor, heads: int, positions: tuple[int, ...]
) -> torch.Tensor:
    """Maps (n, N) of a word: mean over heads, sum over its tokens; zero without tokens."""
    return probabilities(q, k, heads, positions).mean(dim=1).sum(dim=-1)
