"""Head relevance vectors (HRVs) of a model's concepts, voted or measured, checked.

HRV is arXiv 2412.02237. N: concepts; H: cross-attention heads of the model; T: timestep bins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor

from .heads import HeadTable
from .measure.steer import positive_weights
from .text.spelling import nearest

Kind = Literal["voted", "measured"]
"""How vectors were found: by the votes of attention maps (the paper), or by gradients."""
KINDS: tuple[Kind, ...] = get_args(Kind)

_ROW_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class HeadRelevance:
    """One HRV per concept for one model.

    vectors: (N, H) float32, finite. Voted ones are not negative, each row with L1 norm H, so that
    1 is neutral. Measured ones are signed effects, of which only the direction counts; 0 is
    neutral, and there are no votes. words: the concept-words behind each concept. votes: (N, H)
    int64 where they are known; timestep_bins: (T, N, H) int64, the same votes in T equal shares of
    the denoising steps, where they were counted apart.
    ValueError where any of this does not hold.
    """

    concepts: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    heads: HeadTable
    vectors: Tensor
    provenance: Mapping[str, str] = field(default_factory=dict)
    votes: Tensor | None = None
    timestep_bins: Tensor | None = None
    kind: Kind = "voted"

    def __post_init__(self) -> None:
        _check_concepts(self.concepts, self.words)
        shape = (len(self.concepts), len(self.heads))
        _check_shape(self.vectors, shape)
        _check_kind(self.kind, self.votes)
        _check_finite(self.vectors)
        if self.kind == "voted":
            _check_not_negative(self.vectors)
            _check_sums(self.vectors, self.concepts)
        if self.votes is not None:
            _check_votes(self.votes, shape)
        if self.timestep_bins is not None:
            _check_timestep_bins(self.timestep_bins, self.votes)

    def index(self, concept: str) -> int:
        """The row of a concept, upper and lower case alike; ValueError lists the concepts."""
        wanted = concept.strip().casefold()
        for i, name in enumerate(self.concepts):
            if name.strip().casefold() == wanted:
                return i
        raise ValueError(
            f"This HRV has no concept {concept!r}.{nearest(concept, self.concepts)} "
            f"Its concepts are: {', '.join(self.concepts)}."
        )

    def row(self, concept: str) -> Tensor:
        """A copy of the HRV of a concept, (H,)."""
        return self.vectors[self.index(concept)].clone()

    def weights(self, concept: str) -> Tensor:
        """The weight of each head for a concept, (H,), not negative, with L1 norm H.

        Of a voted HRV the row itself, of a measured one its positive part: heads that work against
        the concept count 0.
        """
        row = self.row(concept)
        return positive_weights(row) if self.kind == "measured" else row


def _check_concepts(concepts: tuple[str, ...], words: tuple[tuple[str, ...], ...]) -> None:
    if not concepts:
        raise ValueError("An HRV needs at least one concept; found none.")
    if len({name.strip().casefold() for name in concepts}) < len(concepts):
        raise ValueError(f"Concept names must differ; found {', '.join(concepts)}.")
    if len(words) != len(concepts):
        raise ValueError(
            f"Expected one list of concept-words for each of the {len(concepts)} concepts; "
            f"found {len(words)} lists."
        )


def _check_shape(vectors: Tensor, shape: tuple[int, int]) -> None:
    if vectors.dtype != torch.float32 or tuple(vectors.shape) != shape:
        raise ValueError(
            f"Expected HRVs of shape {shape} (concepts, heads) in float32; found "
            f"{tuple(vectors.shape)} in {vectors.dtype}."
        )


def _check_kind(kind: str, votes: Tensor | None) -> None:
    if kind not in KINDS:
        raise ValueError(f"HRVs are {' or '.join(KINDS)}; found {kind!r}. Update the pack.")
    if kind == "measured" and votes is not None:
        raise ValueError("Measured vectors come of no votes, but these have some.")


def _check_finite(vectors: Tensor) -> None:
    if not bool(torch.isfinite(vectors).all()):
        raise ValueError("HRVs must be finite. The file may be damaged.")


def _check_not_negative(vectors: Tensor) -> None:
    if bool((vectors < 0).any()):
        raise ValueError("Voted HRVs are not negative, but these are. The file may be damaged.")


def _check_sums(vectors: Tensor, concepts: tuple[str, ...]) -> None:
    heads = vectors.shape[1]
    sums = vectors.double().sum(dim=1)
    off = (sums - heads).abs() > _ROW_TOLERANCE * heads
    if bool(off.any()):
        worst = int(off.nonzero()[0])
        raise ValueError(
            f"Each HRV must sum to the number of heads, {heads}; that of "
            f"{concepts[worst]!r} sums to {float(sums[worst]):.6g}. "
            "Rescale each row to that sum."
        )


def _check_votes(votes: Tensor, shape: tuple[int, int]) -> None:
    if votes.dtype != torch.int64 or tuple(votes.shape) != shape:
        raise ValueError(
            f"Expected votes of shape {shape} (concepts, heads) in int64; found "
            f"{tuple(votes.shape)} in {votes.dtype}."
        )
    if bool((votes < 0).any()):
        raise ValueError("Votes are counts and cannot be negative. The file may be damaged.")


def _check_timestep_bins(bins: Tensor, votes: Tensor | None) -> None:
    if votes is None or bins.ndim != 3 or not torch.equal(bins.sum(dim=0), votes):
        raise ValueError(
            "The votes of the timestep bins must add up to the votes; found "
            f"{tuple(bins.shape)}. The file may be damaged."
        )
    if bins.dtype != torch.int64 or bool((bins < 0).any()):
        raise ValueError("Votes are counts in int64, not negative. The file may be damaged.")
