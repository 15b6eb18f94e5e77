"""Menus that the page's script fills: an input is marked with what it lists.

`web/hrv.js` finds its widgets by these marks, so that no node has to be named there.
"""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Any

from comfy_api.latest import io

from .folders import known_concepts

MARK = "hrv_menu"
CONCEPTS = {MARK: "concepts"}
"""Of a menu whose choices are the concepts of the connected HRV."""
FILE = {MARK: "file"}
"""Of the menu that chooses an HRV file."""
NOTHING = "nothing"
OR_NOTHING = {**CONCEPTS, "hrv_first": NOTHING}
"""Of such a menu where nothing may be chosen too."""
ROW = {MARK: "row"}
"""Of a text that names a vector which the node makes."""


def concept_input(
    name: str,
    tooltip: str,
    default: str = "Color",
    shown: str | None = None,
    or_nothing: bool = False,
) -> Any:
    """A menu of the concepts of all HRV files; list its name in the node's `any_concept` too.

    default: where a new node begins, until an HRV is connected that does not have it; shown: the
    name on the node; or_nothing: the first choice is `NOTHING`.
    """
    return io.Combo.Input(
        name,
        display_name=shown,
        options=[NOTHING, *known_concepts()] if or_nothing else known_concepts(),
        default=default,
        tooltip=tooltip,
        extra_dict=OR_NOTHING if or_nothing else CONCEPTS,
    )


def any_concept(*names: str) -> Any:
    """`validate_inputs` of a node with these concept menus: any concept may be chosen.

    The host refuses what a menu did not list when the server started, unless `validate_inputs`
    takes the input by its name; the connected HRV decides which concepts there are.
    """

    def validate_inputs(cls: type[io.ComfyNode], /, **chosen: Any) -> bool:
        return True

    order = Parameter.POSITIONAL_OR_KEYWORD
    validate_inputs.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(name, order) for name in ("cls", *names)]
    )
    return classmethod(validate_inputs)
