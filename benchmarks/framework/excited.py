"""A&E-HRV as the benchmarks call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...hrv.excite.plan import MapSize
from ...hrv.relevance import HeadRelevance


def excited(
    model: Any,
    conditioning: Any,
    words: Mapping[str, str],
    hrv: HeadRelevance | None = None,
    strength: float = 1.0,
    map_size: MapSize = "auto",
) -> Any:
    """`model` that attends to the words of the prompt; word -> its concept.

    Without `hrv` plain Attend-and-Excite; strength 1 is the papers'.
    """
    from ...nodes.excite.node import AttendExcite

    listed = ", ".join(f"{word}: {concept}" for word, concept in words.items())
    return AttendExcite.execute(
        model, conditioning, listed, strength, map_size=map_size, hrv=hrv
    ).args[0]
