"""A&E-HRV as the benchmarks call it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ..hrv.relevance import HeadRelevance


def excited(
    model: Any,
    conditioning: Any,
    words: Mapping[str, str],
    hrv: HeadRelevance | None = None,
    strength: float = 1.0,
    map_size: str = "auto",
) -> Any:
    """`model` that attends to the words of the prompt; word -> its concept.

    Without `hrv` plain Attend-and-Excite; strength 1 is the papers'.
    ValueError where this pack has no such node.
    """
    try:
        node = import_module("..nodes.excite", __package__).AttendExcite
    except ImportError as error:
        raise ValueError(
            "This version of the pack has no Attend-and-Excite node (nodes/excite.py), so the "
            "experiments with two objects cannot run."
        ) from error
    listed = ", ".join(f"{word}: {concept}" for word, concept in words.items())
    return node.execute(model, conditioning, listed, strength, map_size=map_size, hrv=hrv).args[0]
