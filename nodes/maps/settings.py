"""Which heads a word is looked at through, and how its heat is scaled and cut."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...hrv.head_choice import first_heads, named_heads
from ...hrv.maps import HeadMaps, LayerMaps
from ...hrv.relevance import HeadRelevance
from ...hrv.text.untrusted import require_number
from ...hrv.word_maps import Normalisation, daam_heads, normalise, segment
from ..library.compatibility import require_same_heads
from ..shared.inputs import head_count

MOST, LEAST, ALL, DAAM, NAMED = "most relevant", "least relevant", "all", "DAAM", "by name"
HEADS = [MOST, LEAST, ALL, DAAM, NAMED]


@dataclass(frozen=True, kw_only=True)
class Amount:
    """A number of heads, at least 1: counted, or as a share of the model's heads.

    unit: "heads" or "percent".
    """

    amount: float
    unit: str

    def __post_init__(self) -> None:
        head_count(self.amount, self.unit, 0)  # refuses more than 100 percent

    def of(self, heads: int) -> int:
        """How many of a model's heads."""
        return max(1, head_count(self.amount, self.unit, heads))


@dataclass(frozen=True, kw_only=True)
class HeadChoice:
    """The heads that the inputs ask for.

    heads: one of HEADS; the most and the least relevant ones are those of `concept` in the HRV,
    and `names` counts for those by name.
    """

    heads: str
    amount: Amount
    names: str = ""
    hrv: HeadRelevance | None = None
    concept: str = ""

    def __post_init__(self) -> None:
        if self.heads not in HEADS:
            raise ValueError(f"heads should be one of {', '.join(HEADS)}; found {self.heads!r}.")

    def among(self, captured: HeadMaps, layers: list[LayerMaps]) -> Tensor:
        """The chosen heads, (H,) bool; ValueError where there are none such."""
        if self.heads == ALL:
            return torch.ones(len(captured.heads), dtype=torch.bool)
        if self.heads == DAAM:
            return daam_heads(layers, captured.heads, captured.latent)
        if self.heads == NAMED:
            return named_heads(self.names, captured.heads)
        if self.hrv is None:
            raise ValueError(
                f"To take the {self.heads} heads, connect an HRV (HRV Load), or set heads to all "
                "or DAAM."
            )
        return relevant_heads(self.hrv, self.concept, captured, self.amount, self.heads == LEAST)


def relevant_heads(
    hrv: HeadRelevance, concept: str, captured: HeadMaps, amount: Amount, least: bool = False
) -> Tensor:
    """The heads most, or least, relevant to a concept, (H,) bool.

    ValueError if the HRV was made for another model than the maps.
    """
    require_same_heads(hrv, captured.heads, "the maps are of")
    count = amount.of(len(captured.heads))
    return first_heads(hrv.row(concept), "LeRHF" if least else "MoRHF", count)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How maps become heat, and where the mask is cut off."""

    normalisation: Normalisation
    threshold: float

    def __post_init__(self) -> None:
        require_number("threshold", self.threshold)

    def heat(self, maps: Tensor) -> Tensor:
        """Heat from 0 to 1 of maps (I, height, width)."""
        return normalise(maps, self.normalisation)

    def mask(self, heat: Tensor) -> Tensor:
        """Where the heat lies above the threshold, bool."""
        return segment(heat, self.threshold)
