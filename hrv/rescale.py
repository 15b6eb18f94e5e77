"""Rescale vectors r (H,): what each head's attention maps of a word are multiplied by.

HRV is arXiv 2412.02237. H: cross-attention heads of the model.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from .heads import HeadTable
from .measure.specific import specific
from .measure.steer import towards, towards_and_away
from .relevance import HeadRelevance

Clamp = Literal["auto", "none"] | float

WEAKENING_FACTOR = -2.0
"""What a weakened head is rescaled by (HRV, section 4)."""

_SDXL_UPPER = 9.0


def upper_bound(clamp: Clamp, heads: HeadTable) -> float | None:
    """The largest entry an HRV may keep: 9 for 'auto' on SDXL, as the authors' notebook has it.

    None where nothing bounds it.
    """
    if clamp == "none":
        return None
    if clamp == "auto":
        return _SDXL_UPPER if heads.family == "SDXL" else None
    if isinstance(clamp, str) or not clamp > 0:
        raise ValueError(f"Clamp must be 'auto', 'none' or a number above 0; found {clamp!r}.")
    return float(clamp)


def emphasis(relevance: HeadRelevance, concept: str, upper: float | None = None) -> Tensor:
    """Rescale vector (H,) of the edited word in P2P-HRV (HRV, section 5.2): r = h[concept].

    Of a measured HRV, h is its positive part (`HeadRelevance.weights`). `upper` bounds h.
    """
    row = relevance.weights(concept)
    return row if upper is None else row.clamp(max=upper)


def strengthening(relevance: HeadRelevance, concept: str, upper: float | None = None) -> Tensor:
    """Rescale vector (H,) of concept strengthening (HRV, section 5): r = h[concept].

    Of a measured HRV r = 1 + g / max|g|, which `upper` does not bound: it is 2 at most.
    """
    if relevance.kind == "measured":
        return towards(relevance.row(concept))
    return emphasis(relevance, concept, upper)


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
    this is strengthening. Of measured HRVs r = 1 + u / max|u| with u the difference of both
    directions, weighted alike (`towards_and_away`).
    """
    if relevance.kind == "measured":
        return towards_and_away(relevance.row(desired), relevance.row(undesired), a, b)
    return a * emphasis(relevance, desired, upper) - b * emphasis(relevance, undesired, upper)


def blend(r: Tensor, strength: float) -> Tensor:
    """1 + strength * (r - 1): exactly ones at strength 0, exactly r at strength 1."""
    return torch.lerp(torch.ones_like(r), r, strength)


def ranking(relevance: HeadRelevance, concept: str, own: bool = False) -> Tensor:
    """What the heads of ordered weakening are ranked by, (H,): h[concept].

    own: of measured HRVs, what the concept does not share with the others (`specific`). ValueError
    for voted ones, and where `specific` has one.
    """
    if not own:
        return relevance.row(concept)
    if relevance.kind != "measured":
        raise ValueError(
            "Other concepts can be spared with measured vectors only, but these were voted. Turn "
            "“spare other concepts” off, or connect vectors that HRV Construct made by the recipe "
            "measured."
        )
    return specific(relevance.vectors)[relevance.index(concept)]


def weakening(order: Tensor, count: int, factor: float) -> Tensor:
    """Rescale vector (H,) of ordered weakening (HRV, section 4).

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
