"""Does an HRV belong to this model?"""

from __future__ import annotations

from typing import Any

from ...hrv.relevance import HeadRelevance
from ..host.patching import model_heads


def require_fit(relevance: HeadRelevance, model: Any) -> None:
    """ValueError, naming both models, if the HRV was made for another head table."""
    heads = model_heads(model)
    if heads.fingerprint != relevance.heads.fingerprint:
        made_for = relevance.provenance.get("model", relevance.heads.description)
        raise ValueError(
            f"This HRV was made for {made_for} with {len(relevance.heads)} heads, but the model "
            f"is {heads.description}. Load an HRV made for this model, or make one with "
            "HRV Construct."
        )
