"""Heads vote while a model samples: the edit behind HRV Construct. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from ...hrv.construct.algorithm import (
    ConceptWords,
    DrawnTokens,
    Recipe,
    WordLayout,
    draw_words,
    mean_attention,
    relevance_scores,
    scaled_keys,
    votes,
)
from ...hrv.heads import CrossAttentionLayer, HeadTable
from ...hrv.schedule import timestep_bin_of
from ..host.patching import Call, Run
from ..prompts.tag import Prompt, read_prompt


class WordEmbeddings:
    """Each concept-word encoded alone: semantic tokens (K, width), their counts, the start token.

    ValueError names the words that yield no token.
    """

    def __init__(self, clip: Any, words: ConceptWords) -> None:
        positions = [[_positions(clip, word) for word in listed] for listed in words.words]
        silent = [
            word
            for listed, found in zip(words.words, positions, strict=True)
            for word, places in zip(listed, found, strict=True)
            if not places
        ]
        if silent:
            named = ", ".join(f"“{word}”" for word in silent)
            raise ValueError(f"The text encoder finds no token in: {named}. Use other words.")
        self.lengths = tuple(tuple(map(len, found)) for found in positions)
        encoded = [
            (clip.encode_from_tokens(clip.tokenize(word))[0], places)
            for listed, found in zip(words.words, positions, strict=True)
            for word, places in zip(listed, found, strict=True)
        ]
        self.start = encoded[0][0][0]
        self.tokens = torch.cat([embedding[list(places)] for embedding, places in encoded])


def _positions(clip: Any, word: str) -> tuple[int, ...]:
    return read_prompt(clip, clip.tokenize(word), word, word).tables[0].semantic


class Voting:
    """Counts the votes of the pictures of one sampling (arXiv 2412.02237, Algorithm 1).

    bins: T, the equal parts of the denoising steps that are counted apart. After a sampling that
    succeeded, `pictures` has the votes (T, N, H) int64 of each prompt number.
    """

    label = "HRV Construct"

    def __init__(
        self,
        words: ConceptWords,
        embeddings: WordEmbeddings,
        heads: HeadTable,
        recipe: Recipe,
        seed: int,
        bins: int = 1,
    ) -> None:
        self.words, self.embeddings, self.heads = words, embeddings, heads
        self.recipe, self.seed, self.bins = recipe, seed, bins
        self.layout = WordLayout(embeddings.lengths, start=recipe == "authors")
        self.keys: dict[tuple[str, int], torch.Tensor] = {}
        self.prompt = Prompt("", "", ())
        self.numbers: Sequence[int] = ()
        self.pictures: dict[int, torch.Tensor] = {}

    def begin(self, prompt: Prompt, numbers: Sequence[int]) -> None:
        """The next sampling draws these prompt numbers, one per image, tagged with `prompt`."""
        self.prompt, self.numbers, self.pictures = prompt, numbers, {}

    def prompts(self) -> Iterable[Prompt]:
        return [self.prompt]

    def attach(self, call: Call) -> Iterable[Any]:
        state = call.run.state(self)
        evaluation = state["evaluation"] = state.get("evaluation", -1) + 1
        draws = [
            draw_words(self.words, self.heads, self.recipe, self.seed, number, evaluation)
            for number in self.numbers
        ]
        drawn = self.layout.place(torch.stack(draws), call.x.device)
        chunk = next(i for i, c in enumerate(call.chunks) if c and c.prompt_id == self.prompt.id)
        attended: dict[tuple[str, int], torch.Tensor] = {}
        hooks = []
        for layer in call.layers:
            vote = self._voter(layer, call, drawn, call.row_span(chunk), attended)
            hooks.append(layer.attention.to_q.register_forward_hook(vote))
        return hooks

    def finish(self, run: Run) -> None:
        state = run.state(self)
        counted = state["votes"].cpu()  # B T N H
        if bool((counted.sum(dim=(1, 2)) != state["evaluation"] + 1).any()):
            raise ValueError(
                "Some heads did not vote at every step: their attention is not finite (run the "
                "model in float32), or another node skips parts of the model. Take caching and "
                "skipping nodes out while constructing."
            )
        self.pictures = dict(zip(self.numbers, counted, strict=True))

    def _voter(
        self,
        layer: CrossAttentionLayer,
        call: Call,
        drawn: DrawnTokens,
        rows: slice,
        attended: dict[tuple[str, int], torch.Tensor],
    ) -> Callable[..., None]:
        """Keeps what the layer's heads attend to; after the last layer all of them vote."""
        own = drawn.layer(self.heads.span(layer.stage, layer.layer))

        def vote(_module: Any, _args: Any, q: torch.Tensor) -> None:
            heads = q[rows].unflatten(-1, (layer.heads, -1)).transpose(1, 2)  # B P hd -> B h P d
            keys = self._keys(layer, q)
            attended[layer.stage, layer.layer] = mean_attention(heads, keys, own)
            if len(attended) == len(call.layers):
                ordered = [attended[place, number] for place, number, _ in self.heads.layers]
                self._count(call, votes(relevance_scores(torch.cat(ordered, dim=1), drawn)))
                attended.clear()

        return vote

    def _count(self, call: Call, given: torch.Tensor) -> None:
        """Add votes (B, N, H) to their part of the denoising, on the device they are on."""
        state = call.run.state(self)
        if "votes" not in state:
            shape = (given.shape[0], self.bins, *given.shape[1:])
            state["votes"] = given.new_zeros(shape)
        state["votes"][:, _part(call, self.bins)] += given

    def _keys(self, layer: CrossAttentionLayer, q: torch.Tensor) -> torch.Tensor:
        """Keys of all concept-words and, last, of the start token, projected once per layer."""
        name = (layer.stage, layer.layer)
        if name not in self.keys:
            both = torch.cat([self.embeddings.tokens, self.embeddings.start[None]])
            self.keys[name] = scaled_keys(layer.attention.to_k(both.to(q)), layer.heads)
        return self.keys[name]


def _part(call: Call, bins: int) -> int:
    """The number of the timestep bin that a call belongs to."""
    if bins == 1 or call.run.sigmas is None:
        return 0
    return timestep_bin_of(call.sigma, call.run.sigmas, bins)
