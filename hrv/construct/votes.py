"""The votes of a run: counted image by image, added up over shards, made into HRVs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..heads import HeadTable
from ..relevance import HeadRelevance
from .concepts import ConceptWords, difference
from .ranges import ranges
from .vectors import normalise_votes

HALVES = 2


@dataclass(eq=False)
class VoteRecord:
    """What a run has counted so far.

    settings: whatever else its votes depend on (weights, recipe, seed, sampling), as texts;
    counted: (prompts,) bool; votes: (2, T, N, H) int64, of prompts with even and odd numbers, in
    T timestep bins.
    """

    words: ConceptWords
    heads: HeadTable
    settings: Mapping[str, str]
    prompts: tuple[str, ...]
    timestep_bins: int = 1
    counted: Tensor = field(init=False)
    votes: Tensor = field(init=False)

    def __post_init__(self) -> None:
        shape = (HALVES, self.timestep_bins, len(self.words.concepts), len(self.heads))
        with torch.inference_mode(False):  # counted on, wherever the record was made
            self.counted = torch.zeros(len(self.prompts), dtype=torch.bool)
            self.votes = torch.zeros(shape, dtype=torch.int64)

    @property
    def done(self) -> int:
        """How many prompts are counted."""
        return int(self.counted.sum())

    @property
    def total(self) -> Tensor:
        """All votes, (N, H) int64."""
        return self.votes.sum(dim=(0, 1))

    @property
    def name(self) -> str:
        """Sixteen hex digits that differ when anything that the votes depend on differs."""
        every = [
            self.words.concepts,
            self.words.words,
            self.heads.names,
            self.prompts,
            self.timestep_bins,
        ]
        text = json.dumps([*every, dict(self.settings)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def add(self, number: int, votes: Tensor) -> None:
        """Count the image of a prompt, (T, N, H); ValueError if it is counted already."""
        if self.counted[number]:
            raise ValueError(f"The image of prompt {number} is counted already.")
        self.votes[number % HALVES] += votes.cpu()
        self.counted[number] = True

    def merge(self, other: VoteRecord) -> None:
        """Count the images of another shard too; ValueError if it is of another run."""
        self.require_same(other)
        if other.prompts != self.prompts:
            raise ValueError("The shards were made from different lists of prompts.")
        both = (self.counted & other.counted).nonzero().flatten().tolist()
        if both:
            raise ValueError(
                f"Both shards counted the same images ({ranges(both)}). Add each shard once."
            )
        self.votes = self.votes + other.votes
        self.counted = self.counted | other.counted

    def require_same(self, other: VoteRecord) -> None:
        """ValueError says in what the two differ, if in anything that the votes depend on."""
        if self.heads != other.heads:
            raise ValueError(
                f"One is of {self.heads.description}, the other of {other.heads.description}."
            )
        if self.words != other.words:
            raise ValueError(f"Their concept sets differ: {difference(self.words, other.words)}.")
        mine, theirs = (
            {**r.settings, "timestep bins": str(r.timestep_bins)} for r in (self, other)
        )
        for key in sorted({*mine, *theirs}):
            if mine.get(key) != theirs.get(key):
                raise ValueError(f"They differ in {key}: {mine.get(key)} and {theirs.get(key)}.")

    def resumed(self, prompts: Sequence[str]) -> VoteRecord:
        """The same votes for a list of prompts that may be longer or shorter than its own.

        ValueError if a counted prompt reads otherwise there, or is missing.
        """
        record = VoteRecord(
            self.words, self.heads, self.settings, tuple(prompts), self.timestep_bins
        )
        for number in self.counted.nonzero().flatten().tolist():
            if number >= len(prompts) or prompts[number] != self.prompts[number]:
                raise ValueError(
                    f"Prompt {number + 1} was “{self.prompts[number]}” when its image was "
                    "counted, but is missing or another now."
                )
            record.counted[number] = True
        record.votes = self.votes
        return record

    def relevance(self) -> HeadRelevance:
        """The HRVs of all counted images; ValueError names a concept without any vote."""
        concepts, words = self.words.concepts, self.words.words
        provenance = {**self.settings, **self._provenance()}
        votes = self.total
        vectors = normalise_votes(votes, concepts)
        timestep_bins = self.votes.sum(dim=0) if self.timestep_bins > 1 else None
        return HeadRelevance(concepts, words, self.heads, vectors, provenance, votes, timestep_bins)

    def _provenance(self) -> dict[str, str]:
        digest = hashlib.sha256("\n".join(self.prompts).encode()).hexdigest()[:16]
        counted = ranges(self.counted.nonzero().flatten().tolist())
        return {
            "made_by": "HRV Construct",
            "model": self.heads.description,
            "prompts": f"{self.done} of {len(self.prompts)} (sha256 {digest})",
            "runs": json.dumps({self.name: counted}),
        }
