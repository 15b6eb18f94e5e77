"""Head relevance vectors (HRVs) and the rescale vectors made from them.

HRV is arXiv 2412.02237. N: concepts; H: cross-attention heads of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from .heads import HeadTable
from .text.spelling import nearest

Clamp = Literal["auto", "none"] | float
Order = Literal["MoRHF", "LeRHF", "random"]

_ROW_TOLERANCE = 1e-4
_SDXL_HEADS = 1300
_SDXL_UPPER = 9.0


@dataclass(frozen=True, eq=False)
class HeadRelevance:
    """One HRV per concept for one model.

    vectors: (N, H) float32, finite, not negative, each row with L1 norm H, so that 1 is neutral.
    words: the concept-words behind each concept. votes: (N, H) int64 where they are known;
    timestep_bins: (T, N, H) int64, the same votes in T equal shares of the denoising steps, where
    they were counted apart.
    ValueError where any of this does not hold.
    """

    concepts: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    heads: HeadTable
    vectors: Tensor
    provenance: Mapping[str, str] = field(default_factory=dict)
    votes: Tensor | None = None
    timestep_bins: Tensor | None = None

    def __post_init__(self) -> None:
        _check_concepts(self.concepts, self.words)
        shape = (len(self.concepts), len(self.heads))
        _check_vectors(self.vectors, shape, self.concepts)
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


def _check_vectors(vectors: Tensor, shape: tuple[int, int], concepts: tuple[str, ...]) -> None:
    if vectors.dtype != torch.float32 or tuple(vectors.shape) != shape:
        raise ValueError(
            f"Expected HRVs of shape {shape} (concepts, heads) in float32; found "
            f"{tuple(vectors.shape)} in {vectors.dtype}."
        )
    if not bool(torch.isfinite(vectors).all()) or bool((vectors < 0).any()):
        raise ValueError("HRVs must be finite and not negative. The file may be damaged.")
    sums = vectors.double().sum(dim=1)
    off = (sums - shape[1]).abs() > _ROW_TOLERANCE * shape[1]
    if bool(off.any()):
        worst = int(off.nonzero()[0])
        raise ValueError(
            f"Each HRV must sum to the number of heads, {shape[1]}; that of "
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


def normalise_votes(votes: Tensor, concepts: tuple[str, ...] = ()) -> Tensor:
    """HRVs (N, H) float32 from votes (N, H): shares within each head, then rows of L1 norm H.

    HRV, Algorithm 1 with its normalisation. A head that no concept won counts 0. ValueError
    names a concept without any vote, for its row has no direction.
    """
    counts = votes.double()
    shares = counts / counts.sum(dim=0).clamp(min=1)
    totals = shares.sum(dim=1)
    for i in (totals == 0).nonzero().flatten().tolist():
        name = repr(concepts[i]) if concepts else f"number {i}"
        raise ValueError(
            f"Concept {name} won no vote in any head, so it has no HRV. Use more prompts or "
            "steps, or other concept-words, or leave it out."
        )
    return (shares * (votes.shape[1] / totals)[:, None]).float()


def upper_bound(clamp: Clamp, heads: HeadTable) -> float | None:
    """The largest entry an HRV may keep: 9 for 'auto' on SDXL (HRV, appendix), else None."""
    if clamp == "none":
        return None
    if clamp == "auto":
        return _SDXL_UPPER if len(heads) == _SDXL_HEADS else None
    if isinstance(clamp, str) or not clamp > 0:
        raise ValueError(f"Clamp must be 'auto', 'none' or a number above 0; found {clamp!r}.")
    return float(clamp)


def _clamped(relevance: HeadRelevance, concept: str, upper: float | None) -> Tensor:
    row = relevance.row(concept)
    return row if upper is None else row.clamp(max=upper)


def strengthening(relevance: HeadRelevance, concept: str, upper: float | None = None) -> Tensor:
    """Rescale vector (H,) of concept strengthening (HRV, section 4): r = h[concept]."""
    return _clamped(relevance, concept, upper)


def adjusting(
    relevance: HeadRelevance,
    desired: str,
    undesired: str,
    a: float = 2.0,
    b: float = 1.0,
    upper: float | None = None,
) -> Tensor:
    """Rescale vector (H,) of concept adjusting (HRV, figure 4): r = a h[desired] - b h[undesired].

    `upper` bounds both HRVs before they are combined. With a=2, b=1 and the same concept twice
    this is strengthening.
    """
    return a * _clamped(relevance, desired, upper) - b * _clamped(relevance, undesired, upper)


def blend(r: Tensor, strength: float) -> Tensor:
    """1 + strength * (r - 1): exactly ones at strength 0, exactly r at strength 1."""
    return torch.lerp(torch.ones_like(r), r, strength)


def head_order(vector: Tensor, order: Order, seed: int = 0) -> Tensor:
    """Head numbers (H,) int64 in order of weakening (HRV, section 3).

    MoRHF: most relevant first, ties in table order; LeRHF: its exact reverse; random: by seed.
    """
    if vector.ndim != 1:
        raise ValueError(f"Expected one HRV of shape (heads,); found {tuple(vector.shape)}.")
    if order == "random":
        generator = torch.Generator().manual_seed(seed)
        return torch.randperm(len(vector), generator=generator)
    most_relevant_first = torch.argsort(vector, descending=True, stable=True)
    if order == "MoRHF":
        return most_relevant_first
    if order == "LeRHF":
        return most_relevant_first.flip(0)
    raise ValueError(f"Order must be MoRHF, LeRHF or random; found {order!r}.")


def weakening(order: Tensor, count: int, factor: float) -> Tensor:
    """Rescale vector (H,) of ordered weakening (HRV, section 3).

    `factor` at the first `count` heads of the order, 1 elsewhere.
    """
    heads = len(order)
    if not 0 <= count <= heads:
        raise ValueError(
            f"The model has {heads} heads, so 0 to {heads} can be weakened; found {count}."
        )
    r = torch.ones(heads)
    r[order[:count]] = factor
    return r
