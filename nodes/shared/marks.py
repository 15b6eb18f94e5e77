"""Marks on inputs that the page's script goes by, so that no node has to be named there.

`web/` finds fields by these; menus of concepts have marks of their own (nodes/library/menus.py).
"""

from __future__ import annotations

from typing import Any

from ...hrv.text.typed import Form

WORDS = "hrv_words"
PROMPT_TEXT = {"hrv_prompt": True}
"""Of a text that is a prompt, whose words other nodes may name."""
EXPLORED = "hrv_explored"
"""Of the maps that a node shows on the page, and of what it tells the page when it has run."""


def words_of(*inputs: str, form: Form = "list") -> dict[str, Any]:
    """Of a text that names words of the prompt behind these inputs of its node."""
    return {WORDS: {"of": list(inputs), "form": form}}
