"""The words that a page may offer of a prompt that nobody has encoded yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from comfy.sd1_clip import escape_important, token_weights, unescape_important

from ...hrv.text.inline import without_forms
from ...hrv.text.typed import Form, listed_phrases, picking, typed_table

_EMBEDDING = re.compile(r"\bembedding:\S+")


def spoken_parts(prompt: str) -> list[str]:
    """A prompt's texts as the host cuts them by weights; only words are left.

    Gone are brackets, weights, embeddings and the forms of hrv/text/inline.py.
    """
    text = without_forms(prompt)
    parts = (unescape_important(part) for part, _ in token_weights(escape_important(text), 1.0))
    return [_EMBEDDING.sub(" ", part) for part in parts]


def words_to_pick(prompts: Sequence[str], words: str, form: Form) -> dict[str, Any]:
    """What the page shows under a field: the words of the prompts, and what the field lacks.

    words: what the field says, in its form.
    """
    tables = [typed_table(spoken_parts(prompt)) for prompt in prompts]
    found = picking(tables, listed_phrases(words, form))
    return {
        "words": [word._asdict() for word in found.words],
        "missing": list(found.missing),
    }
