"""What cannot be done with transformers, said before or while they are sampled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....hrv.families.family import Family
from ....hrv.families.registry import family_of

_COMPILED = "torch.compile"
"""The key of the host's wrapper that puts compiled modules in place while a model runs."""


def for_unets(asked: str, family: Family) -> str:
    """The sentence that what is `asked` for does not work with models of a family."""
    return (
        f"{asked} works with SD1.x, SD2.x and SDXL for now, and this model is {family.name}. "
        "Word Weight, Concept Strengthen, Concept Adjust, Ordered Weaken, HRV Capture, HRV "
        "Measure and HRV Construct work with it."
    )


def require_not_compiled(model: object) -> None:
    """ValueError where a transformer is compiled: compiled code passes hooks by."""
    if family_of(getattr(model, "_orig_mod", None)) is not None:
        raise ValueError(_IS_COMPILED)


def require_plain(model: object, arguments: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """ValueError where a call cannot be steered: a compiled model, images of unknown place."""
    wrappers = options.get("wrappers", {}).get("apply_model", {})
    if wrappers.get(_COMPILED):
        raise ValueError(_IS_COMPILED)
    require_not_compiled(model)
    family = family_of(model)
    if family and any(arguments.get(name) is not None for name in family.refused):
        raise ValueError(
            f"{family.name} with reference images cannot be steered yet. Remove them from the "
            "conditioning, or the HRV nodes from the model."
        )


_IS_COMPILED = (
    "This model is compiled (torch.compile), and compiled models cannot be steered. Remove the "
    "node that compiles it."
)
