"""Menus of concepts, whose choices follow the HRV that is connected."""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Any

from comfy_api.latest import io

from .folders import known_concepts


def concept_input(name: str, tooltip: str) -> Any:
    """A menu of the concepts of all HRV files; list its name in the node's `any_concept` too."""
    return io.Combo.Input(name, options=known_concepts(), tooltip=tooltip)


def any_concept(*names: str) -> Any:
    """`validate_inputs` of a node with these concept menus: any concept may be chosen.

    The host refuses what a menu did not list when the server started, unless `validate_inputs`
    takes the input by its name; the connected HRV decides which concepts there are.
    """

    def validate_inputs(cls: type[io.ComfyNode], **chosen: Any) -> bool:
        return True

    order = Parameter.POSITIONAL_OR_KEYWORD
    validate_inputs.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(name, order) for name in ("cls", *names)]
    )
    return classmethod(validate_inputs)
