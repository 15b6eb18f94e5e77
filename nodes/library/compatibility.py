"""Whether head relevance vectors belong to a model: compatible means the same head table."""

from __future__ import annotations

from typing import Any

from ...hrv.files.hrv_file import load_relevance
from ...hrv.heads import HeadTable
from ...hrv.relevance import HeadRelevance
from ..host.model import model_heads, steered_heads
from .choices import entry_of, path_of
from .fitting import remedy


def loaded(choice: str, model: Any) -> HeadRelevance:
    """The vectors of a choice of HRV Load, fetched first where it is a download.

    ValueError if they are not for MODEL (None: for any), before anything is fetched.
    """
    entry = entry_of(choice)
    if entry is not None and model is not None:
        heads = model_heads(model)
        if heads.known_family != entry.family:
            raise ValueError(
                f"“{choice}” is for {entry.family}, but the model is {heads.description}. "
                f"{remedy(heads)}"
            )
    relevance = load_relevance(path_of(choice))
    if model is not None:
        require_compatible(relevance, model)
    return relevance


def require_compatible(relevance: HeadRelevance, model: Any) -> None:
    """ValueError, naming the file to choose, if the HRV is of another head table than MODEL's."""
    require_same_heads(relevance, steered_heads(model), "the model is")


def require_same_heads(relevance: HeadRelevance, heads: HeadTable, found: str) -> None:
    """ValueError, naming both head tables and the file to choose, if they differ.

    found: what `heads` are of, as the sentence continues, such as "the model is".
    """
    if heads.fingerprint != relevance.heads.fingerprint:
        made_for = relevance.provenance.get("model", relevance.heads.description)
        raise ValueError(
            f"This HRV was made for {made_for}, but {found} {heads.description}. "
            f"{remedy(heads, relevance)}"
        )
