"""A measurement as a head relevance vector of the measured kind."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..heads import HeadTable
from ..relevance import HeadRelevance
from .readings import Readings
from .steer import unit_effects


def measured_relevance(
    g: Tensor, readings: Readings, heads: HeadTable, provenance: Mapping[str, str]
) -> HeadRelevance:
    """One signed row for each reading: g (H,) for the one wanted, -g for the other.

    The way back has the same heads with the other sign. ValueError where no head does anything.
    """
    unit_effects(g)
    rows = torch.stack([g, -g])[: len(readings.rows)].float()
    words = ((readings.word.strip(),),) * len(rows)
    return HeadRelevance(readings.rows, words, heads, rows, dict(provenance), kind="measured")
