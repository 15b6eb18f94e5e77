"""Heads vote while a model samples: the hook behind HRV Construct. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.construct.algorithm import (
    DrawnTokens,
    mean_attention,
    relevance_scores,
    votes,
)
from ...hrv.heads import CrossAttentionLayer
from ...hrv.schedule import timestep_bin_of
from ..host.hooks import Call, Hook, Phase, Run
from ..prompts.tag import Prompt
from .ballot import Ballot, ProjectedWords

_ID = "construct"  # of the one prompt that each sampling of a construction has


@dataclass(frozen=True)
class DrawnPrompt(Prompt):
    """The tag of what a construction samples: the numbers of its prompts, one per image."""

    numbers: tuple[int, ...] = ()


def drawn_prompt(numbers: Sequence[int]) -> DrawnPrompt:
    """The tag for a conditioning with a row for each of these prompt numbers."""
    return DrawnPrompt(id=_ID, text="", tables=(), numbers=tuple(numbers))


@dataclass
class VotingState:
    """numbers: of the prompts that are sampled; votes (B, T, N, H) of the evaluations so far."""

    numbers: tuple[int, ...] = ()
    evaluations: int = 0
    votes: torch.Tensor | None = None


class Voting(Hook[VotingState]):
    """Counts the votes of the images of each sampling (arXiv 2412.02237, Algorithm 1).

    count(number of the prompt, votes (T, N, H) int64) is called for each image of a sampling that
    succeeded. The sampling's positive carries a `drawn_prompt`.
    """

    label = "HRV Construct"
    phase = Phase.WATCH

    def __init__(
        self, ballot: Ballot, keys: ProjectedWords, count: Callable[[int, torch.Tensor], None]
    ) -> None:
        self.ballot, self.keys, self.count = ballot, keys, count

    def new_state(self) -> VotingState:
        return VotingState()

    def prompts(self) -> Iterable[Prompt]:
        return [drawn_prompt(())]

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        state, prompt = call.run.state(self), call.run.prompts[_ID]
        rows = next((rows for found, rows in call.tagged() if found.prompt_id == _ID), None)
        if rows is None or not isinstance(prompt, DrawnPrompt):
            return []
        state.numbers = prompt.numbers
        drawn = self.ballot.draw(prompt.numbers, state.evaluations, call.x.device)
        state.evaluations += 1
        attended: dict[tuple[str, int], torch.Tensor] = {}
        handles: list[RemovableHandle] = []
        for layer in call.layers:
            attention: Any = layer.attention
            vote = self._voter(layer, call, drawn, rows, attended)
            handles.append(attention.to_q.register_forward_hook(vote))
        return handles

    def finish(self, run: Run) -> None:
        state = run.state(self)
        counted = None if state.votes is None else state.votes.cpu()  # B T N H
        if counted is None or bool((counted.sum(dim=(1, 2)) != state.evaluations).any()):
            raise ValueError(
                "Some heads could not vote at every step: their attention is not finite (run the "
                "model in float32), or another node skips parts of the model. Remove caching and "
                "block-skipping nodes while constructing."
            )
        for number, own in zip(state.numbers, counted, strict=True):
            self.count(number, own)

    def _voter(
        self,
        layer: CrossAttentionLayer,
        call: Call,
        drawn: DrawnTokens,
        rows: slice,
        attended: dict[tuple[str, int], torch.Tensor],
    ) -> Callable[..., None]:
        """Keeps what the layer's heads attend to; after the last layer all of them vote."""
        heads = self.ballot.heads
        own = drawn.layer(heads.span(layer.stage, layer.layer))

        def vote(_module: Any, _args: Any, q: torch.Tensor) -> None:
            queries = q[rows].unflatten(-1, (layer.heads, -1)).transpose(1, 2)  # B P hd -> B h P d
            attended[layer.stage, layer.layer] = mean_attention(
                queries, self.keys.of(layer, q), own
            )
            if len(attended) == len(call.layers):
                ordered = [attended[stage, number] for stage, number, _ in heads.layers]
                self._count(call, votes(relevance_scores(torch.cat(ordered, dim=1), drawn)))
                attended.clear()

        return vote

    def _count(self, call: Call, given: torch.Tensor) -> None:
        """Add votes (B, N, H) to those of their timestep bin, on the device they are on."""
        state = call.run.state(self)
        if state.votes is None:
            state.votes = given.new_zeros((len(given), self.ballot.bins, *given.shape[1:]))
        state.votes[:, _timestep_bin(call, self.ballot.bins)] += given


def _timestep_bin(call: Call, bins: int) -> int:
    """The number of the timestep bin that a call belongs to, by its step."""
    if bins == 1 or call.run.sigmas is None:
        return 0
    return timestep_bin_of(call.sigma, call.run.sigmas, bins)
