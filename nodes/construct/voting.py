"""Heads vote while a model samples: the hook behind HRV Construct. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.construct.algorithm import (
    DrawnTokens,
    logit_scale,
    mean_attention,
    relevance_scores,
    scaled_keys,
    votes,
)
from ...hrv.heads import CrossAttentionLayer
from ...hrv.schedule import timestep_bin_of
from ..host.hooks import Call, Hook, Phase, Run, layer_name
from ..prompts.tag import Prompt
from .ballot import Ballot, ProjectedWords

_ID = "construct"  # of the one prompt that each sampling of a construction has
_LOOKED = 5  # evaluations from one look at the scale of the heads to the next


@dataclass(frozen=True)
class DrawnPrompt(Prompt):
    """The tag of what a construction samples: the numbers of its prompts, one per image."""

    numbers: tuple[int, ...] = ()


def drawn_prompt(numbers: Sequence[int]) -> DrawnPrompt:
    """The tag for a conditioning with a row for each of these prompt numbers."""
    return DrawnPrompt(id=_ID, text="", tables=(), numbers=tuple(numbers))


@dataclass
class VotingState:
    """numbers: of the prompts that are sampled; votes (B, T, N, H) of the evaluations so far.

    voted: (B, H), in how many evaluations each head had a vote; scales: (B, H) of the evaluations
    that were looked at.
    """

    numbers: tuple[int, ...] = ()
    evaluations: int = 0
    votes: torch.Tensor | None = None
    voted: torch.Tensor | int = 0
    scales: list[torch.Tensor] = field(default_factory=list)


@dataclass(frozen=True)
class _Evaluation:
    """What the heads compare in one evaluation, and what is known of each layer by then.

    looked: whether the scale of the heads is taken too.
    """

    drawn: DrawnTokens
    rows: slice
    looked: bool
    attended: dict[tuple[str, int], torch.Tensor] = field(default_factory=dict)
    scales: dict[tuple[str, int], torch.Tensor] = field(default_factory=dict)


class Voting(Hook[VotingState]):
    """Counts the votes of the images of each sampling (arXiv 2412.02237, Algorithm 1).

    count(number of the prompt, votes (T, N, H) int64) is called for each image of a sampling that
    succeeded, look(scales (B, H)) for every fifth of its evaluations. The sampling's positive
    carries a `drawn_prompt`.
    """

    label = "HRV Construct"
    phase = Phase.WATCH
    on_transformers = True

    def __init__(
        self,
        ballot: Ballot,
        keys: ProjectedWords,
        count: Callable[[int, torch.Tensor], None],
        look: Callable[[torch.Tensor], None] = lambda scales: None,
    ) -> None:
        self.ballot, self.keys, self.count, self.look = ballot, keys, count, look

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
        evaluation = _Evaluation(drawn, rows, state.evaluations % _LOOKED == 0)
        state.evaluations += 1
        handles = [one for layer in call.layers for one in self._on(layer, call, evaluation)]
        if call.joint is None:
            return handles
        return [*handles, *call.joint.put_words(self.keys.stream(call), call.unet)]

    def finish(self, run: Run) -> None:
        state = run.state(self)
        counted = None if state.votes is None else state.votes.cpu()  # B T N H
        voted = torch.as_tensor(state.voted)
        if counted is None or bool((voted != state.evaluations).any()):
            raise ValueError(
                "Some heads could not vote at every step: their attention is not finite (run the "
                "model in float32), or another node skips parts of the model. Remove caching and "
                "block-skipping nodes while constructing."
            )
        for number, own in zip(state.numbers, counted, strict=True):
            self.count(number, own)
        for scales in state.scales:
            self.look(scales)

    def _on(
        self, layer: CrossAttentionLayer, call: Call, evaluation: _Evaluation
    ) -> list[RemovableHandle]:
        """What hears of the layer's queries, and of the words' keys where they go with the text."""
        vote = self._voter(layer, call, evaluation)

        def projected(_module: Any, _args: Any, q: torch.Tensor) -> None:
            if len(q) != call.rows:
                raise ValueError(
                    f"HRV Construct cannot read {layer_name(layer)}: another node (an attention "
                    "couple, for example) changes the number of rows inside the model. Connect "
                    "HRV Construct to a model without that node."
                )
            heads = q[evaluation.rows].flatten(2).unflatten(-1, (layer.heads, -1))
            vote(heads.transpose(1, 2), self.keys.of(call, layer, q))  # B P h d -> B h P d

        def streamed(q: torch.Tensor, k: torch.Tensor) -> None:
            keys = k[evaluation.rows].transpose(1, 2).flatten(0, 1)  # 1 h K d -> K h d
            vote(q[evaluation.rows], scaled_keys(keys.flatten(1), layer.heads))

        if call.joint is not None:
            return call.joint.on_words(layer, streamed)
        queries: Any = getattr(layer.attention, layer.queries)
        return [queries.register_forward_hook(projected)]

    def _voter(
        self, layer: CrossAttentionLayer, call: Call, evaluation: _Evaluation
    ) -> Callable[[torch.Tensor, torch.Tensor], None]:
        """Keeps what the layer's heads attend to; after the last layer all of them vote.

        Given queries (B, h, P, d) and scaled keys (K, h, d).
        """
        name = (layer.stage, layer.layer)
        own = evaluation.drawn.layer(self.ballot.heads.span(*name))

        def vote(queries: torch.Tensor, keys: torch.Tensor) -> None:
            evaluation.attended[name] = mean_attention(queries, keys, own)
            if evaluation.looked:
                evaluation.scales[name] = logit_scale(queries, keys, own)
            if len(evaluation.attended) == len(call.layers):
                self._count(call, evaluation)
                evaluation.attended.clear()
                evaluation.scales.clear()

        return vote

    def _count(self, call: Call, evaluation: _Evaluation) -> None:
        """Add the votes (B, N, H) to those of their timestep bin, on the device they are on."""
        state, bins = call.run.state(self), self.ballot.bins
        scores = relevance_scores(self._in_order(evaluation.attended), evaluation.drawn)
        given = votes(scores, self.ballot.rule)
        if state.votes is None:
            state.votes = given.new_zeros((len(given), bins, *given.shape[1:]))
        state.votes[:, _timestep_bin(call, bins)] += given
        state.voted = state.voted + (given.sum(dim=1) > 0).long()
        if evaluation.looked:
            state.scales.append(self._in_order(evaluation.scales))

    def _in_order(self, parts: Mapping[tuple[str, int], torch.Tensor]) -> torch.Tensor:
        """The parts (B, h, ...) of all layers in the order of the head table, (B, H, ...)."""
        ordered = [parts[stage, number] for stage, number, _ in self.ballot.heads.layers]
        return torch.cat(ordered, dim=1)


def _timestep_bin(call: Call, bins: int) -> int:
    """The number of the timestep bin that a call belongs to, by its step."""
    if bins == 1 or call.run.sigmas is None:
        return 0
    return timestep_bin_of(call.sigma, call.run.sigmas, bins)
