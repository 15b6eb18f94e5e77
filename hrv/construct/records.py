"""What a run keeps, whatever it counts: image by image, resumed, and added up over shards."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

import torch
from torch import Tensor

from ..heads import HeadTable
from ..relevance import HeadRelevance
from .agreement import Agreement
from .concepts import ConceptWords, difference
from .ranges import ranges

HALVES = 2
COUNTED = "counted"
"""In a measured HRV's provenance: images and steps that each concept was measured on."""
R = TypeVar("R", bound="RunRecord")


@dataclass(eq=False)
class RunRecord(ABC):
    """What a run has counted so far.

    settings: whatever else its result depends on (weights, recipe, seed, sampling), as texts;
    counted: (prompts,) bool. What is counted stands in halves, of prompts with even and with odd
    numbers.
    """

    tensors: ClassVar[tuple[str, ...]]
    """The fields that hold what is counted, as a run's file has them."""

    unit: ClassVar[str]
    """What a prompt is counted as, in plural."""

    words: ConceptWords
    heads: HeadTable
    settings: Mapping[str, str]
    prompts: tuple[str, ...]
    timestep_bins: int = 1
    counted: Tensor = field(init=False)

    def __post_init__(self) -> None:
        with torch.inference_mode(False):  # counted on, wherever the record was made
            self.counted = torch.zeros(len(self.prompts), dtype=torch.bool)
            self._start()

    @abstractmethod
    def _start(self) -> None:
        """Set what is counted to nothing."""

    @abstractmethod
    def _add_counts(self: R, other: R) -> None:
        """Add what another record of the same run has counted."""

    @abstractmethod
    def agreement(self) -> Agreement:
        """How well the vectors of the two halves agree."""

    @abstractmethod
    def relevance(self) -> HeadRelevance:
        """The HRVs of all counted images; ValueError names a concept without any."""

    @abstractmethod
    def preview(self) -> Tensor:
        """What is drawn while it grows, (N, H) float64: 1 is neutral, 0 where nothing is known."""

    @property
    def done(self) -> int:
        """How many prompts are counted."""
        return int(self.counted.sum())

    @property
    def name(self) -> str:
        """Sixteen hex digits that differ when anything that the result depends on differs."""
        every = [
            self.words.concepts,
            self.words.words,
            self.heads.names,
            self.prompts,
            self.timestep_bins,
        ]
        text = json.dumps([*every, dict(self.settings)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def mark(self, number: int) -> None:
        """Note that a prompt is counted; ValueError if it is already."""
        if self.counted[number]:
            raise ValueError(f"The image of prompt {number} is counted already.")
        self.counted[number] = True

    def merge(self: R, other: R) -> None:
        """Count the images of another shard too; ValueError if it is of another run."""
        self.require_same(other)
        if other.prompts != self.prompts:
            raise ValueError("The shards were made from different lists of prompts.")
        both = (self.counted & other.counted).nonzero().flatten().tolist()
        if both:
            raise ValueError(
                f"Both shards counted the same images ({ranges(both)}). Add each shard once."
            )
        self._add_counts(other)
        self.counted = self.counted | other.counted

    def require_same(self, other: RunRecord) -> None:
        """ValueError says in what the two differ, if in anything that the result depends on."""
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
                found = " and ".join(each.get(key, "not set") for each in (mine, theirs))
                raise ValueError(f"They differ in {key}: {found}.")

    def resumed(self: R, prompts: Sequence[str]) -> R:
        """The same counts for a list of prompts that may be longer or shorter than its own.

        ValueError if a counted prompt reads otherwise there, or is missing.
        """
        record = type(self)(
            self.words, self.heads, self.settings, tuple(prompts), self.timestep_bins
        )
        for number in self.counted.nonzero().flatten().tolist():
            if number >= len(prompts) or prompts[number] != self.prompts[number]:
                raise ValueError(
                    f"Prompt {number + 1} was “{self.prompts[number]}” when its image was "
                    "counted, but is missing or another now."
                )
            record.counted[number] = True
        record._add_counts(self)
        return record

    def provenance(self) -> dict[str, str]:
        """The settings and what was counted, for the HRV."""
        digest = hashlib.sha256("\n".join(self.prompts).encode()).hexdigest()[:16]
        counted = ranges(self.counted.nonzero().flatten().tolist())
        return {
            **self.settings,
            "made_by": "HRV Construct",
            "model": self.heads.description,
            "prompts": f"{self.done} of {len(self.prompts)} (sha256 {digest})",
            "runs": json.dumps({self.name: counted}),
        }
