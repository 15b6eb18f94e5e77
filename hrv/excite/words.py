"""The words that must be in the image, the tokens they become, and the tokens they compete with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

CHUNK = 77
"""Tokens that CLIP reads at a time."""
TokenSlice = Literal["all but first and last", "all but first", "words"]


class WantedWord(NamedTuple):
    """A word of the prompt and the concept it is an instance of, if one was named."""

    text: str
    concept: str | None


@dataclass(frozen=True)
class ChosenToken:
    """A token that must be attended to: its position in the prompt, row of the weights, word."""

    position: int
    row: int
    word: str = ""


def parse_wanted(text: str) -> tuple[WantedWord, ...]:
    """Read 'cat: Animals, dog: Animals' or 'cat, dog'; ValueError where no word is named."""
    parts = (each.strip() for each in re.split(r"[,\n]", text))
    found = tuple(_parse_word(part) for part in parts if part)
    if not found:
        raise ValueError(
            "Name the words that must be in the image, such as: cat: Animals, dog: Animals "
            "(without an HRV: cat, dog)."
        )
    return found


def _parse_word(text: str) -> WantedWord:
    word, colon, concept = (each.strip() for each in text.partition(":"))
    if not word or (colon and not concept):
        raise ValueError(f"Expected a word and its concept, such as cat: Animals; found {text!r}.")
    return WantedWord(word, concept or None)


def token_slots(length: int, semantic: Sequence[int], choice: TokenSlice) -> tuple[int, ...]:
    """The tokens that share a pixel's attention (softmax of 100 A), of a prompt's `length`.

    all but first and last: 1 to 75, Attend-and-Excite's code; all but first: 1 to 76, A&E-HRV's;
    words: 1 up to the end token, Attend-and-Excite's for SD2.1. Long prompts: of each 77 tokens.
    """
    if choice == "words":
        return tuple(semantic)
    last = CHUNK - 2 if choice == "all but first and last" else CHUNK - 1
    return tuple(position for position in range(length) if 1 <= position % CHUNK <= last)
