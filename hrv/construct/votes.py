"""The votes of a run: counted picture by picture, added up over shards, made into HRVs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..heads import HeadTable
from ..relevance import HeadRelevance
from .algorithm import ConceptWords
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
        """Count the picture of a prompt, (T, N, H); ValueError if it is counted already."""
        if self.counted[number]:
            raise ValueError(f"The picture of prompt {number} is counted already.")
        self.votes[number % HALVES] += votes.cpu()
        self.counted[number] = True

    def merge(self, other: VoteRecord) -> None:
        """Count the pictures of another shard too; ValueError if it is of another run."""
        self.require_same(other)
        if other.prompts != self.prompts:
            raise ValueError("The shards were made from different lists of prompts.")
        both = (self.counted & other.counted).nonzero().flatten().tolist()
        if both:
            raise ValueError(
                f"Both shards counted the same pictures ({ranges(both)}). Add each shard once."
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
            raise ValueError(f"Their concept sets differ: {_difference(self.words, other.words)}.")
        mine, theirs = ({**r.settings, "bins": str(r.timestep_bins)} for r in (self, other))
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
                    f"Prompt {number + 1} was “{self.prompts[number]}” when its picture was "
                    "counted, but is missing or another now."
                )
            record.counted[number] = True
        record.votes = self.votes
        return record

    def relevance(self) -> HeadRelevance:
        """The HRVs of all counted pictures; ValueError names a concept without any vote."""
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


def _difference(mine: ConceptWords, theirs: ConceptWords) -> str:
    if mine.concepts != theirs.concepts:
        return f"{', '.join(mine.concepts)} and {', '.join(theirs.concepts)}"
    pairs = zip(mine.concepts, mine.words, theirs.words, strict=True)
    return "the words of " + ", ".join(concept for concept, a, b in pairs if a != b)


def ranges(numbers: Iterable[int]) -> str:
    """Sorted numbers in short: 0-99, 120."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def read_ranges(text: str) -> set[int]:
    """The numbers that `ranges` wrote."""
    pairs = (part.split("-") for part in text.split(", ") if part)
    return {number for pair in pairs for number in range(int(pair[0]), int(pair[-1]) + 1)}


def add_up(relevances: Sequence[HeadRelevance]) -> HeadRelevance:
    """One HRV from the votes of several of the same model, concepts and words.

    ValueError if one carries no votes, if they differ, or if a picture would count twice.
    """
    first, *others = relevances
    for other in others:
        _require_mergeable(first, other)
    votes = torch.stack([_votes_of(relevance) for relevance in relevances]).sum(dim=0)
    runs: dict[str, str] = {}
    for relevance in relevances:
        for name, counted in json.loads(relevance.provenance.get("runs", "{}")).items():
            before, new = read_ranges(runs.get(name, "")), read_ranges(counted)
            if before & new:
                raise ValueError(
                    "The same pictures would count twice "
                    f"({ranges(sorted(before & new))} of one run). Wire each HRV in once."
                )
            runs[name] = ranges(sorted(before | new))
    provenance = _merged_provenance(relevances, runs)
    vectors = normalise_votes(votes, first.concepts)
    return HeadRelevance(
        first.concepts,
        first.words,
        first.heads,
        vectors,
        provenance,
        votes,
        _timestep_bins(relevances),
    )


def _timestep_bins(relevances: Sequence[HeadRelevance]) -> Tensor | None:
    """Votes of the timestep bins, where all have equally many."""
    parts = [
        relevance.timestep_bins for relevance in relevances if relevance.timestep_bins is not None
    ]
    if len(parts) < len(relevances) or len({part.shape for part in parts}) > 1:
        return None
    return torch.stack(parts).sum(dim=0)


def _votes_of(relevance: HeadRelevance) -> Tensor:
    if relevance.votes is None:
        raise ValueError(
            "One of these HRVs carries no votes, only the finished vectors (as the published "
            "files do), so it cannot be added up. Use HRVs made by HRV Construct."
        )
    return relevance.votes


def _require_mergeable(first: HeadRelevance, other: HeadRelevance) -> None:
    if first.heads != other.heads:
        raise ValueError(
            "Votes of different models cannot be added up: "
            f"{first.heads.description} and {other.heads.description}."
        )
    if (first.concepts, first.words) != (other.concepts, other.words):
        mine = ConceptWords(first.concepts, first.words)
        difference = _difference(mine, ConceptWords(other.concepts, other.words))
        raise ValueError(
            "Votes can be added up only for the same concepts with the same words in the same "
            f"order; they differ: {difference}."
        )
    for key in ("weights", "recipe"):
        mine_is, other_is = first.provenance.get(key), other.provenance.get(key)
        if mine_is and other_is and mine_is != other_is:
            raise ValueError(f"Their {key} differ: {mine_is} and {other_is}. Do not mix them.")


def _merged_provenance(
    relevances: Sequence[HeadRelevance], runs: Mapping[str, str]
) -> dict[str, str]:
    """What all have in common, and what was counted."""
    first, *others = (relevance.provenance for relevance in relevances)
    same = {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}
    count = sum(len(read_ranges(counted)) for counted in runs.values())
    own = {"made_by": "HRV Merge", "prompts": f"{count} of {len(runs)} runs"}
    return {**same, **own, "runs": json.dumps(dict(sorted(runs.items())))}
