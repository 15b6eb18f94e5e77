"""What the heads vote on: the concept-words of a construction, their tokens and their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from ...hrv.construct.algorithm import (
    DrawnTokens,
    Recipe,
    VoteRule,
    WordLayout,
    draw_words,
    scaled_keys,
)
from ...hrv.construct.concepts import ConceptWords
from ...hrv.families.registry import family_of
from ...hrv.families.stream import Stream
from ...hrv.heads import CrossAttentionLayer, HeadTable
from ..host.hooks import Call
from ..host.transformer.words import keys_of, own_context, stream_of
from ..prompts.encoding import encoded
from ..prompts.tag import prompts_of, read_prompt


class WordEmbeddings:
    """Each concept-word encoded alone: semantic tokens (K, width), their counts, the start token.

    ValueError names the words that yield no token.
    """

    def __init__(self, clip: Any, words: ConceptWords) -> None:
        every = [word for listed in words.words for word in listed]
        positions = {word: _positions(clip, word) for word in every}
        self.lengths = _lengths(words, positions)
        encoded = [clip.encode_from_tokens(clip.tokenize(word))[0] for word in every]
        self.start = encoded[0][0]
        own = zip(encoded, every, strict=True)
        self.tokens = torch.cat([embedding[list(positions[word])] for embedding, word in own])

    def rows(self, _x: torch.Tensor) -> torch.Tensor:
        """The tokens (K + 1, width) of all words and, last, the start token."""
        return torch.cat([self.tokens, self.start[None]])


class WordContexts:
    """The same for a transformer as it is given them; no start token. model: the host's."""

    def __init__(self, model: Any, clip: Any, words: ConceptWords) -> None:
        self.model = model
        self.words = [word for listed in words.words for word in listed]
        self.encoded = {word: encoded(clip, word, None) for word in self.words}
        self.positions = {w: prompts_of(one)[0].semantic for w, one in self.encoded.items()}
        self.lengths = _lengths(words, self.positions)

    def rows(self, x: torch.Tensor) -> torch.Tensor:
        """The tokens (K, width) of all words, of contexts for latents like x."""
        return torch.cat([context[list(own)] for context, own in self._contexts(x)])

    def stream(self, x: torch.Tensor) -> Stream:
        """The same tokens for a model whose text and image attend jointly."""
        every = list(self._contexts(x))
        tokens = torch.cat([context[list(own)] for context, own in every])
        places = [place for _, own in every for place in own]
        return stream_of(self.model, tokens, [len(own) for _, own in every], places)

    def _contexts(self, x: torch.Tensor) -> Iterator[tuple[torch.Tensor, tuple[int, ...]]]:
        """Each word's own context (T, width), and where its tokens stand in it."""
        family = family_of(self.model.diffusion_model)
        for word in self.words:
            embedding, options = self.encoded[word][0]
            context = own_context(self.model, embedding, options, x)[0]
            moved = family is not None and family.pads_left
            shift = len(context) - embedding.shape[1] if moved else 0
            yield context, tuple(position + shift for position in self.positions[word])


def _positions(clip: Any, word: str) -> tuple[int, ...]:
    return read_prompt(clip, clip.tokenize(word), word, word).tables[0].semantic


def _lengths(
    words: ConceptWords, positions: Mapping[str, Sequence[int]]
) -> tuple[tuple[int, ...], ...]:
    """How many tokens each word of each concept has; ValueError names those without any."""
    silent = [word for word, own in positions.items() if not own]
    if silent:
        named = ", ".join(f"“{word}”" for word in silent)
        raise ValueError(f"The text encoder produces no tokens for: {named}. Use other words.")
    return tuple(tuple(len(positions[word]) for word in listed) for listed in words.words)


@dataclass(frozen=True, eq=False)
class Ballot:
    """What is voted on, the same for all images of a construction.

    bins: T, the equal timestep bins of the sampling whose votes are counted apart; rule: what of
    a head's scores is counted.
    """

    words: ConceptWords
    embeddings: WordEmbeddings | WordContexts
    heads: HeadTable
    recipe: Recipe
    seed: int
    bins: int = 1
    rule: VoteRule = "highest"

    @cached_property
    def layout(self) -> WordLayout:
        """Where the tokens of drawn words stand."""
        return WordLayout(self.embeddings.lengths, start=self.recipe == "authors")

    def draw(self, numbers: Sequence[int], evaluation: int, device: torch.device) -> DrawnTokens:
        """The tokens that heads compare in one evaluation of the images of these prompts."""
        draws = [
            draw_words(self.words, self.heads, self.recipe, self.seed, number, evaluation)
            for number in numbers
        ]
        return self.layout.place(torch.stack(draws), device)


class ProjectedWords:
    """Keys of all concept-words and, last, of a start token: one projection for each layer.

    They depend on the model and the words alone and are kept for the whole construction.
    """

    def __init__(self, embeddings: WordEmbeddings | WordContexts) -> None:
        self.embeddings = embeddings
        self.keys: dict[tuple[str, int], torch.Tensor] = {}
        self._rows: torch.Tensor | None = None
        self._stream: Stream | None = None

    def stream(self, call: Call) -> Stream:
        """The words beside the prompt, of a model whose text and image attend jointly."""
        if self._stream is None and isinstance(self.embeddings, WordContexts):
            self._stream = self.embeddings.stream(call.x)
        if self._stream is None:
            raise TypeError("a stream is of WordContexts")
        return self._stream

    def of(self, call: Call, layer: CrossAttentionLayer, q: torch.Tensor) -> torch.Tensor:
        """The layer's scaled keys (K + 1, h, d), as `q` is projected."""
        name = (layer.stage, layer.layer)
        if name not in self.keys:
            if self._rows is None:
                self._rows = self.embeddings.rows(call.x)
            keys = keys_of(call.unet, layer, self._rows.to(q))
            self.keys[name] = scaled_keys(keys, layer.heads)
        return self.keys[name]
