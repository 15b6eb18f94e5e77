"""Counts added up: the shards of one run, and the HRVs of several runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..relevance import HeadRelevance
from ..text.untrusted import parse_json, short
from .concepts import ConceptWords, difference
from .ranges import ranges, read_ranges
from .records import COUNTED, RunRecord
from .vectors import normalise_votes

_DRAWN_BY = ("seed", "sampling", "templates", "images of a prompt", "swaps", "weights")
"""Settings of recipe measured that a prompt and its images follow from, beside its number."""


def merge_votes(records: Sequence[RunRecord]) -> RunRecord:
    """What all shards of a run have counted."""
    if not records:
        raise ValueError("Name at least one file of votes to merge.")
    whole = records[0].resumed(records[0].prompts)
    for shard in records[1:]:
        whole.merge(shard)
    return whole


def add_up(relevances: Sequence[HeadRelevance]) -> HeadRelevance:
    """One HRV from what HRV Construct counted for several of the same model, concepts and words.

    Votes are added; measured effects are averaged, each by its images and steps, exact up to the
    float32 of the vectors (relative 6e-8). ValueError if one carries no counts, if they differ, or
    if an image would count twice.
    """
    first, *others = relevances
    for other in others:
        _require_mergeable(first, other)
    runs = _merged_runs(relevances)
    provenance = _merged_provenance(relevances, runs)
    if first.kind == "measured":
        return _averaged(relevances, provenance)
    votes = torch.stack([_votes_of(relevance) for relevance in relevances]).sum(dim=0)
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


def _averaged(relevances: Sequence[HeadRelevance], provenance: Mapping[str, str]) -> HeadRelevance:
    """Measured effects of several runs, weighted by the images and steps of each concept."""
    first = relevances[0]
    counts = torch.stack([_counts_of(relevance) for relevance in relevances])  # R N
    sums = torch.stack([each.vectors for each in relevances]).double() * counts[..., None]
    total = counts.sum(dim=0)
    vectors = (sums.sum(dim=0) / total[:, None]).float()
    counted = {**provenance, COUNTED: ", ".join(map(str, total.tolist()))}
    return HeadRelevance(
        first.concepts, first.words, first.heads, vectors, counted, kind="measured"
    )


def _counts_of(relevance: HeadRelevance) -> Tensor:
    """How many images and steps each concept was measured on, (N,) int64."""
    text = relevance.provenance.get(COUNTED, "")
    if not text:
        raise ValueError(
            "One of these HRVs is measured, but not by HRV Construct, so it has no counts to add "
            "up. Measure a word once more with more images instead."
        )
    counts = text.split(", ")
    usable = all(len(count) < 16 and count.isdecimal() and count != "0" for count in counts)
    if not usable or len(counts) != len(relevance.concepts):
        raise ValueError(
            f"One of these HRVs says of its {len(relevance.concepts)} concepts that it counted "
            f"{short(text)!r}. Its file is damaged: construct it again."
        )
    return torch.tensor([int(count) for count in counts])


def _merged_runs(relevances: Sequence[HeadRelevance]) -> dict[str, str]:
    """Which prompts of which run were counted; ValueError if one would count twice."""
    runs: dict[str, str] = {}
    seen: dict[str, set[int]] = {}
    for relevance in relevances:
        for name, counted in _runs_of(relevance).items():
            new, of_run = read_ranges(counted), read_ranges(runs.get(name, ""))
            drawn = seen.setdefault(_drawn(relevance, name), set())
            twice = new & (of_run | drawn)
            if twice:
                raise ValueError(
                    "The same images would be counted twice "
                    f"({ranges(sorted(twice))} of one run). Connect each HRV once."
                )
            drawn |= new
            runs[name] = ranges(sorted(of_run | new))
    return runs


def _runs_of(relevance: HeadRelevance) -> dict[str, str]:
    """Which prompts an HRV counted, by run."""
    found = parse_json(relevance.provenance.get("runs", "{}"))
    if isinstance(found, dict) and all(isinstance(counted, str) for counted in found.values()):
        return found
    raise ValueError("One of these HRVs has a damaged list of its runs: construct it again.")


def _drawn(relevance: HeadRelevance, run: str) -> str:
    """Equal for runs whose prompts of one number are the same: with recipe measured also where one
    drew more of them."""
    known = [relevance.provenance.get(key) for key in _DRAWN_BY]
    return json.dumps(known) if relevance.kind == "measured" and known[0] is not None else run


def _timestep_bins(relevances: Sequence[HeadRelevance]) -> Tensor | None:
    """Votes of the timestep bins, where all have equally many."""
    bins = [
        relevance.timestep_bins for relevance in relevances if relevance.timestep_bins is not None
    ]
    if len(bins) < len(relevances) or len({one.shape for one in bins}) > 1:
        return None
    return torch.stack(bins).sum(dim=0)


def _votes_of(relevance: HeadRelevance) -> Tensor:
    if relevance.votes is None:
        raise ValueError(
            "One of these HRVs carries no votes, only the finished vectors (as the published "
            "files do), so it cannot be added up. Use HRVs made by HRV Construct."
        )
    return relevance.votes


def _require_mergeable(first: HeadRelevance, other: HeadRelevance) -> None:
    if first.kind != other.kind:
        raise ValueError(
            "Measured and voted HRVs cannot be added up. Connect only HRVs that HRV Construct made "
            "with the same recipe."
        )
    if first.heads != other.heads:
        raise ValueError(
            "HRVs of different models cannot be added up: "
            f"{first.heads.description} and {other.heads.description}."
        )
    if (first.concepts, first.words) != (other.concepts, other.words):
        mine = ConceptWords(first.concepts, first.words)
        found = difference(mine, ConceptWords(other.concepts, other.words))
        raise ValueError(
            "They can be added up only for the same concepts with the same words in the same "
            f"order; they differ: {found}."
        )
    for key, otherwise in (("weights", ""), ("recipe", ""), ("vote rule", "highest")):
        mine_is, other_is = (each.provenance.get(key, otherwise) for each in (first, other))
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
