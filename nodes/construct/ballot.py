"""What the heads vote on: the concept-words of a construction, their tokens and their keys."""

from __future__ import annotations

from collections.abc import Sequence
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
from ...hrv.heads import CrossAttentionLayer, HeadTable
from ..prompts.tag import read_prompt


class WordEmbeddings:
    """Each concept-word encoded alone: semantic tokens (K, width), their counts, the start token.

    ValueError names the words that yield no token.
    """

    def __init__(self, clip: Any, words: ConceptWords) -> None:
        every = [word for listed in words.words for word in listed]
        positions = {word: _positions(clip, word) for word in every}
        silent = [word for word in every if not positions[word]]
        if silent:
            named = ", ".join(f"“{word}”" for word in silent)
            raise ValueError(f"The text encoder produces no tokens for: {named}. Use other words.")
        self.lengths = tuple(tuple(len(positions[w]) for w in listed) for listed in words.words)
        encoded = [clip.encode_from_tokens(clip.tokenize(word))[0] for word in every]
        self.start = encoded[0][0]
        own = zip(encoded, every, strict=True)
        self.tokens = torch.cat([embedding[list(positions[word])] for embedding, word in own])


def _positions(clip: Any, word: str) -> tuple[int, ...]:
    return read_prompt(clip, clip.tokenize(word), word, word).tables[0].semantic


@dataclass(frozen=True, eq=False)
class Ballot:
    """What is voted on, the same for all images of a construction.

    bins: T, the equal timestep bins of the sampling whose votes are counted apart; rule: what of
    a head's scores is counted.
    """

    words: ConceptWords
    embeddings: WordEmbeddings
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
    """Keys of all concept-words and, last, of the start token: one projection for each layer.

    They depend on the model and the words alone and are kept for the whole construction.
    """

    def __init__(self, embeddings: WordEmbeddings) -> None:
        self.embeddings = embeddings
        self.keys: dict[tuple[str, int], torch.Tensor] = {}

    def of(self, layer: CrossAttentionLayer, q: torch.Tensor) -> torch.Tensor:
        """The layer's scaled keys (K + 1, h, d), as `q` is projected."""
        name = (layer.stage, layer.layer)
        if name not in self.keys:
            both = torch.cat([self.embeddings.tokens, self.embeddings.start[None]])
            attention: Any = layer.attention
            self.keys[name] = scaled_keys(attention.to_k(both.to(q)), layer.heads)
        return self.keys[name]
