"""Weights such as (mouse:1.3), written in a prompt for a text encoder that does not read them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from ..bpe import placed_words
from ..tokens import Word

MOST = 10.0
"""The largest weight; the smallest is its negative."""
_WEIGHTED = re.compile(r"(?<!\\)\(([^()\\]+):\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)")


class Part(NamedTuple):
    """A piece of a prompt's text and the weight of its words."""

    text: str
    weight: float


class Weighted(NamedTuple):
    """Positions of the tokens of weighted words, and their weight."""

    positions: tuple[int, ...]
    weight: float


def weighted_parts(text: str) -> tuple[Part, ...]:
    """The text cut at its (word:1.3) forms, which are gone; a weight of 1 for all else.

    Brackets without a number, nested ones and \\( \\) stay as they are, as do times and ratios,
    (at 10:30) and (16:9), and numbers beyond `MOST`.
    """
    parts, at = [], 0
    for form in filter(_is_weight, _WEIGHTED.finditer(text)):
        parts += [Part(text[at : form.start()], 1.0), Part(form[1], float(form[2]))]
        at = form.end()
    return tuple(part for part in (*parts, Part(text[at:], 1.0)) if part.text)


def _is_weight(form: re.Match[str]) -> bool:
    """Whether what looks like (word:1.3) is one."""
    return not form[1].rstrip()[-1:].isdigit() and abs(float(form[2])) <= MOST


def weighted_words(parts: Sequence[Part], words: Sequence[Word]) -> tuple[Weighted, ...]:
    """Where the words of each part with a weight other than 1 stand.

    words: those of the whole text, as its token table has them; a word belongs to the part in
    which it begins. ValueError where they are not the words of the parts.
    """
    plain = [(_plain(part.text), part.weight) for part in parts]
    found = placed_words("".join(text for text, _ in plain))
    if [word for word, _ in found] != [word for word, _ in words]:
        raise ValueError(
            "The weights in this prompt, such as (mouse:1.3), cannot be told apart from its text. "
            "Take them out, and name the words in Word Weight."
        )
    weighted, start = [], 0
    for text, weight in plain:
        stop = start + len(text)
        mine = [
            positions
            for (_, span), (_, positions) in zip(found, words, strict=True)
            if start <= span.start < stop
        ]
        if weight != 1 and mine:
            weighted.append(Weighted(tuple(p for each in mine for p in each), weight))
        start = stop
    return tuple(weighted)


def _plain(text: str) -> str:
    """As the encoder's tokenizer reads it."""
    return unicodedata.normalize("NFC", text.replace("\\(", "(").replace("\\)", ")"))
