"""Construction of HRVs by votes (HRV, arXiv 2412.02237, Algorithm 1).

B: batch rows; H: heads of the model, h: heads of a layer; P: pixels; d: channels per head;
N: concepts; K: semantic tokens of all concept-words; C: columns of a draw, see `WordLayout`.

Two recipes. "paper": a word of each concept is drawn for every head, and the softmax runs over
the words' tokens alone. "authors", as the published vectors were made: one draw for all heads of
a layer call, and a start token's key takes its part of the softmax before it is dropped.

A head's scores become votes by a rule: the paper's gives one to the highest. Its appendix B.2
names two others that it decides against, since heads differ in scale: adding the scores
themselves, or the highest of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal

import torch
from torch import Tensor

from ..heads import HeadTable
from .concepts import ConceptWords

Recipe = Literal["paper", "authors"]
RECIPES: tuple[Recipe, ...] = ("paper", "authors")
VoteRule = Literal["highest", "sum", "maximum"]
VOTE_RULES: tuple[VoteRule, ...] = ("highest", "sum", "maximum")
WHOLE = 2**20
"""What an attention of 1 counts as by the rules that add attention, so that counts stay whole."""
_LARGEST = 2**23  # logits computed at a time, 32 MB


@dataclass(frozen=True, eq=False)
class DrawnTokens:
    """The tokens that heads compare in one evaluation; a column is a place for one token.

    rows: (B, H, C) int64, the key of each column; bias: (B, H, C), 0, or -inf where the drawn word
    is shorter; weight: (B, H, C), one over the tokens of the word; concepts: (C, N), 1 where a
    column belongs to a concept.
    """

    rows: Tensor
    bias: Tensor
    weight: Tensor
    concepts: Tensor

    def layer(self, heads: slice) -> DrawnTokens:
        """The part of one layer."""
        return self.part(slice(None), heads)

    def part(self, rows: slice, heads: slice = slice(None)) -> DrawnTokens:
        """The same for some of the batch rows and heads."""
        return DrawnTokens(
            rows=self.rows[rows, heads],
            bias=self.bias[rows, heads],
            weight=self.weight[rows, heads],
            concepts=self.concepts,
        )


@dataclass(frozen=True)
class WordLayout:
    """Where the tokens of drawn words stand: each concept has columns for its longest word.

    lengths: tokens of each word of each concept, whose keys stand one after another, K in all;
    start: whether key number K, a start token's, has a column of its own, which no concept owns.
    """

    lengths: tuple[tuple[int, ...], ...]
    start: bool = False

    def __post_init__(self) -> None:
        if min((length for words in self.lengths for length in words), default=0) < 1:
            raise ValueError(f"Every concept-word needs a token; found counts {self.lengths}.")

    @cached_property
    def owners(self) -> Tensor:
        """The concept of each column, (C,) int64; the start token counts with the last one."""
        widths = [max(words) for words in self.lengths]
        widths[-1] += self.start
        return torch.arange(len(widths)).repeat_interleave(torch.tensor(widths))

    @cached_property
    def _concepts(self) -> Tensor:
        """1 where a column belongs to a concept, (C, N)."""
        return torch.nn.functional.one_hot(self.owners, len(self.lengths)).float()

    @cached_property
    def _tables(self) -> tuple[Tensor, Tensor, Tensor]:
        """Rows, bias, weight of each column if its concept's word w is drawn: (most words, C)."""
        shape = (max(map(len, self.lengths)), len(self.owners))
        rows, bias, weight = (
            torch.zeros(shape).long(),
            torch.full(shape, -torch.inf),
            torch.zeros(shape),
        )
        starts = iter(accumulate((n for words in self.lengths for n in words), initial=0))
        first = 0
        for words in self.lengths:
            for w, length in enumerate(words):
                columns = slice(first, first + length)
                rows[w, columns] = torch.arange(length) + next(starts)
                bias[w, columns], weight[w, columns] = 0.0, 1 / length
            first += max(words)
        if self.start:
            rows[:, -1], bias[:, -1] = next(starts), 0.0
        return rows, bias, weight

    def place(self, draws: Tensor, device: torch.device | str = "cpu") -> DrawnTokens:
        """The tokens of drawn words; draws: (B, N, H) word numbers."""
        word = draws[:, self.owners].transpose(1, 2).to(device)  # B N H -> B H C
        column = torch.arange(len(self.owners), device=device)
        rows, bias, weight = (table.to(device)[word, column] for table in self._tables)
        return DrawnTokens(rows, bias, weight, self._concepts.to(device))


def draw_words(
    words: ConceptWords, heads: HeadTable, recipe: Recipe, seed: int, prompt: int, evaluation: int
) -> Tensor:
    """The number of the word drawn for each concept and head, (N, H) int64, uniformly.

    Each draw depends on the seed, the prompt's number, the number of the U-Net evaluation, the
    layer and (paper) the head alone, so it is the same however prompts are put into batches.
    """
    name = f"{seed}, prompt: {prompt}, evaluation: {evaluation}"
    digest = hashlib.sha256(name.encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    sizes = torch.tensor([len(listed) for listed in words.words])
    if recipe == "authors":
        count = torch.tensor([size for _, _, size in heads.layers])
        uniform = torch.rand(len(count), len(sizes), generator=generator, dtype=torch.float64)
        uniform = uniform.repeat_interleave(count, dim=0)
    elif recipe == "paper":
        uniform = torch.rand(len(heads), len(sizes), generator=generator, dtype=torch.float64)
    else:
        raise ValueError(f"Recipe must be 'paper' or 'authors'; found {recipe!r}.")
    return (uniform * sizes).long().T


def scaled_keys(keys: Tensor, heads: int) -> Tensor:
    """Projected keys (K, h d) -> (K, h, d) float32, divided by sqrt(d) once for all."""
    keys = keys.unflatten(-1, (heads, -1)).float()
    return keys * keys.shape[-1] ** -0.5


def mean_attention(q: Tensor, keys: Tensor, drawn: DrawnTokens) -> Tensor:
    """softmax(Q K^T / sqrt(d)) over the columns of a draw, mean over pixels: (B, h, C) float32.

    q: (B, h, P, d), the conditional rows; keys: (K, h, d) of `scaled_keys`, a start token's last
    where the layout has one; drawn: the layer's part. Large layers go through it a few rows at a
    time.
    """
    together = max(1, _LARGEST // (q.shape[1] * q.shape[2] * drawn.rows.shape[2]))
    if together < len(q):
        parts = [slice(first, first + together) for first in range(0, len(q), together)]
        return torch.cat([mean_attention(q[part], keys, drawn.part(part)) for part in parts])
    bias = drawn.bias.flatten(0, 1)[:, None]
    logits = torch.baddbmm(bias, q.float().flatten(0, 1), _columns(q, keys, drawn))
    return logits.softmax(dim=-1).mean(dim=1).unflatten(0, q.shape[:2])


def logit_scale(q: Tensor, keys: Tensor, drawn: DrawnTokens) -> Tensor:
    """Mean of |Q K^T / sqrt(d)| over pixels and the tokens of the drawn words: (B, h) float32.

    The scale of a head before its softmax (appendix B.2, table 4). Arguments as `mean_attention`;
    one row at a time, so that it takes no more memory.
    """
    found = []
    for row in range(len(q)):
        part, own = slice(row, row + 1), drawn.part(slice(row, row + 1))
        logits = torch.bmm(q[part].float().flatten(0, 1), _columns(q[part], keys, own))
        word = (own.weight > 0).flatten(0, 1).float()  # h C
        found.append((logits.abs().mean(dim=1) * word).sum(dim=1) / word.sum(dim=1))
    return torch.stack(found)


def _columns(q: Tensor, keys: Tensor, drawn: DrawnTokens) -> Tensor:
    """The keys of each row's and head's columns, (B h, d, C)."""
    head = torch.arange(q.shape[1], device=q.device)[:, None]
    return keys[drawn.rows, head].flatten(0, 1).transpose(1, 2)


def relevance_scores(attended: Tensor, drawn: DrawnTokens) -> Tensor:
    """How much each head attends to each concept (Algorithm 1): (B, N, H) float32.

    attended: (B, H, C) of `mean_attention`. Mean over the tokens of each drawn word; a start
    token's column, which has no weight, is dropped.
    """
    return ((attended * drawn.weight) @ drawn.concepts).transpose(1, 2)


def votes(scores: Tensor, rule: VoteRule = "highest") -> Tensor:
    """The votes of each row and head by a rule: (B, N, h) int64 of scores (B, N, h).

    highest: 1 for the concept with the highest score (Algorithm 1); maximum: that score, for that
    concept; sum: every concept's score (both appendix B.2, in 1 / `WHOLE`). Equal scores, as of a
    word that two concepts share, count for the first. A head whose scores are not finite has no
    vote.
    """
    highest = scores == scores.amax(dim=1, keepdim=True)
    first = (highest & (highest.cumsum(dim=1) == 1)).long()
    if rule == "highest":
        return first
    finite = scores.isfinite().all(dim=1, keepdim=True)
    counted = (torch.where(finite, scores, 0.0) * WHOLE).round().long()  # exact: a power of two
    return counted * first if rule == "maximum" else counted
