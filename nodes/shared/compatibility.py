"""Whether head relevance vectors belong to a model: compatible means the same head table."""

from __future__ import annotations

from typing import Any

from ...hrv.heads import HeadTable
from ...hrv.relevance import HeadRelevance
from ..host.model import model_heads


def require_compatible(relevance: HeadRelevance, model: Any) -> None:
    """ValueError, naming both models, if the HRV was made for another head table than MODEL's."""
    remedy = "Load an HRV made for this model, or make one with HRV Construct."
    require_same_heads(relevance, model_heads(model), "the model is", remedy)


def require_same_heads(relevance: HeadRelevance, heads: HeadTable, found: str, remedy: str) -> None:
    """ValueError, naming both head tables and the `remedy`, if they differ.

    found: what `heads` are of, as the sentence goes on, such as "the model is".
    """
    if heads.fingerprint != relevance.heads.fingerprint:
        made_for = relevance.provenance.get("model", relevance.heads.description)
        raise ValueError(
            f"This HRV was made for {made_for} with {len(relevance.heads)} heads, but {found} "
            f"{heads.description}. {remedy}"
        )
