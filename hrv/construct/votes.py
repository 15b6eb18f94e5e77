"""The votes of a run: counted image by image, made into HRVs."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..relevance import HeadRelevance
from .agreement import Agreement, split_half
from .records import HALVES, RunRecord
from .vectors import normalise_votes, vectors_of


@dataclass(eq=False)
class VoteRecord(RunRecord):
    """Votes: (2, T, N, H) int64, of prompts with even and odd numbers, in T timestep bins."""

    tensors = ("votes", "counted")
    unit = "images"
    votes: Tensor = field(init=False)

    def _start(self) -> None:
        shape = (HALVES, self.timestep_bins, len(self.words.concepts), len(self.heads))
        self.votes = torch.zeros(shape, dtype=torch.int64)

    def _add_counts(self, other: VoteRecord) -> None:
        self.votes = self.votes + other.votes

    @property
    def total(self) -> Tensor:
        """All votes, (N, H) int64."""
        return self.votes.sum(dim=(0, 1))

    def add(self, number: int, votes: Tensor) -> None:
        """Count the image of a prompt, (T, N, H); ValueError if it is counted already."""
        self.mark(number)
        self.votes[number % HALVES] += votes.cpu()

    def agreement(self) -> Agreement:
        return split_half(self.votes)

    def preview(self) -> Tensor:
        return vectors_of(self.total)

    def relevance(self) -> HeadRelevance:
        concepts, words = self.words.concepts, self.words.words
        votes = self.total
        vectors = normalise_votes(votes, concepts)
        timestep_bins = self.votes.sum(dim=0) if self.timestep_bins > 1 else None
        return HeadRelevance(
            concepts, words, self.heads, vectors, self.provenance(), votes, timestep_bins
        )
