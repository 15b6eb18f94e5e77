"""The concept stream: words beside a prompt, in a model whose text and image attend jointly.

There a word that is not in the prompt has no keys, since text changes from layer to layer by what
it attends to. So words C stand behind the prompt X and go through all layers with it. In every
attention

    rows of X, I:   keys X, I          as without words, so that the image stays as it is
    rows of C_w:    keys C_w, I        a word sees itself and the image; nothing sees a word

(after ConceptAttention, arXiv 2502.04320, here for every layer and head.) Heads vote by
softmax over C of Q_I K_C^T, as in Algorithm 1 of arXiv 2412.02237. K: tokens of all words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


class Embedded(NamedTuple):
    """Words as a model's blocks are given text: rows (1, K, dim) and their rotations.

    dim: of the rotations, along which the tokens lie.
    """

    rows: Tensor
    rotations: Tensor
    dim: int


@dataclass(frozen=True, eq=False)
class Stream:
    """tokens (K, width), as a context has them; counts: of each word; places: where each token
    would stand if its word were the prompt; embedded: where they cannot stand in a context."""

    tokens: Tensor
    counts: tuple[int, ...]
    places: tuple[int, ...]
    embedded: Embedded | None = None

    def words(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The tokens (n, width) and the places (n,) of each word."""
        places = torch.tensor(self.places, device=self.tokens.device)
        yield from zip(self.tokens.split(self.counts), places.split(self.counts), strict=True)

    def behind(self, context: Tensor) -> Tensor:
        """A context (B, T, width) with the words behind it, (B, T + K, width)."""
        own = self.tokens.to(context).expand(len(context), -1, -1)
        return torch.cat([context, own], dim=1)

    def numbered(self, ids: Tensor) -> Tensor:
        """Positions (B, T + K, axes) of the text, which count evenly, with each word at its place.

        Where a word stands among the others says nothing then.
        """
        first, step = ids[:, :1], ids[:, 1:2] - ids[:, :1]
        places = torch.tensor(self.places, device=ids.device, dtype=ids.dtype)
        own = first + places[None, :, None] * step
        return torch.cat([ids[:, : -len(self.places)], own], dim=1)

    def mask(self, like: Tensor, image: int) -> Tensor:
        """(K, K + image), added to the logits: 0 for a word's tokens and the image, else -inf."""
        owner = torch.arange(len(self.counts)).repeat_interleave(torch.tensor(self.counts))
        blocked = (owner[:, None] != owner[None]).to(like.device)
        mask = like.new_zeros(len(owner), len(owner) + image)
        mask[:, : len(owner)].masked_fill_(blocked, -torch.inf)
        return mask


def stream_rows(text: int, words: int, length: int) -> tuple[slice, slice] | None:
    """The rows of the words and of the image in a joint sequence; None where there is no image."""
    image = text + words
    return (slice(text, image), slice(image, length)) if image < length else None


def without(rows: slice, x: Tensor, dim: int) -> Tensor:
    """x without these rows along `dim`."""
    behind = x.narrow(dim, rows.stop, x.shape[dim] - rows.stop)
    return torch.cat([x.narrow(dim, 0, rows.start), behind], dim)


def put_back(rows: slice, x: Tensor, words: Tensor, dim: int) -> Tensor:
    """x with the words at these rows again."""
    behind = x.narrow(dim, rows.start, x.shape[dim] - rows.start)
    return torch.cat([x.narrow(dim, 0, rows.start), words, behind], dim)
