"""Another phrase in the place of a prompt's word, found as its tokens are."""

from __future__ import annotations

import re
import unicodedata

from .bpe import placed_words
from .tokens import Phrase, occurrences, phrase_runs

_SYNTAX = re.compile(r"embedding:\S*|:\s*[+-]?\d*\.?\d+\s*\)|(?<!\\)[()]")
"""What of ComfyUI's (word:1.2) and embedding:name is no word."""


def replace_phrase(text: str, phrase: Phrase, by: str) -> str:
    """`text` with `by` for each occurrence of a word or phrase, or for the n-th alone.

    It is found where `TokenTable.find` finds its tokens. ValueError if the text has it not, or less
    often, or if a bracket of a weight stands within it.
    """
    text = unicodedata.normalize("NFC", text)
    words = placed_words(_SYNTAX.sub(lambda match: " " * len(match[0]), text))
    runs = phrase_runs([word for word, _ in words], phrase.text)
    for run in reversed(occurrences(runs, phrase.text, phrase.occurrence)):
        first, last = words[run][0][1], words[run][-1][1]
        if _SYNTAX.search(text[first.start : last.stop]):
            raise ValueError(
                f"The brackets of a weight cut “{phrase.text}” in two: "
                f"“{text[first.start : last.stop]}”. Put them around all of it, or around none."
            )
        text = text[: first.start] + by + text[last.stop :]
    return text
