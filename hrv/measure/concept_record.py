"""The measured effects of a run: added up prompt by prompt, made into HRVs of the measured kind."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..construct.agreement import Agreement, vectors_agreement
from ..construct.records import COUNTED, HALVES, RunRecord
from ..relevance import HeadRelevance
from .concept import ConceptEffects, mean_effects
from .steer import towards


@dataclass(eq=False)
class ConceptRecord(RunRecord):
    """sums: (2, N, H) float64; counts: (2, N) int64 of images and steps; by even and odd prompts.

    A merged record equals an unbroken one but for the rounding of float64 (relative 1e-15 an
    addition); one that is resumed in order equals it bit for bit.
    """

    tensors = ("sums", "counts", "counted")
    unit = "prompts"
    sums: Tensor = field(init=False)
    counts: Tensor = field(init=False)

    def _start(self) -> None:
        concepts = len(self.words.concepts)
        self.sums = torch.zeros(HALVES, concepts, len(self.heads), dtype=torch.float64)
        self.counts = torch.zeros(HALVES, concepts, dtype=torch.int64)

    def _add_counts(self, other: ConceptRecord) -> None:
        self.sums, self.counts = self.sums + other.sums, self.counts + other.counts

    def add(self, number: int, effects: ConceptEffects) -> None:
        """Count the images of a prompt; ValueError if it is counted already."""
        self.mark(number)
        self.sums[number % HALVES] += effects.sums.cpu()
        self.counts[number % HALVES] += effects.counts.cpu()

    @property
    def effects(self) -> Tensor:
        """g of all counted images, (N, H) float64; 0 for a concept that was in none."""
        return mean_effects(self.sums.sum(dim=0), self.counts.sum(dim=0))

    def agreement(self) -> Agreement:
        known = bool((self.counts.sum(dim=1) > 0).all())
        return vectors_agreement(mean_effects(self.sums, self.counts), known)

    def preview(self) -> Tensor:
        rows = self.effects
        return torch.stack([towards(g) if bool(g.any()) else torch.zeros_like(g) for g in rows])

    def relevance(self) -> HeadRelevance:
        empty = (self.counts.sum(dim=0) == 0).nonzero().flatten().tolist()
        if empty:
            names = ", ".join(self.words.concepts[n] for n in empty)
            raise ValueError(
                f"No prompt so far has a word of: {names}. Measure more prompts, or merge the "
                "other shards."
            )
        return HeadRelevance(
            self.words.concepts,
            self.words.words,
            self.heads,
            self.effects.float(),
            {**self.provenance(), COUNTED: ", ".join(map(str, self.counts.sum(dim=0).tolist()))},
            kind="measured",
        )
