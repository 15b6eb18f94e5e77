"""The words of prompts as they are typed, before any model reads them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from .bpe import encode_pieces, split_words
from .search import in_any
from .spelling import nearest
from .tokens import Phrase, Token, TokenTable, parse_words

Form = Literal["list", "phrase", "pairs", "lines"]
"""How a field names words: vase, red car, mouse#2; mouse#2 alone; cat: Animals, dog: Animals; a
word per line with what is asked of it, as in hrv/text/inline.py."""

SPELT = 3
"""Letters of a word that is worth proposing for another."""


class PickWord(NamedTuple):
    """A word to pick: how a prompt names it ("mouse#2" of several), and the phrase that names it.

    phrase: the place of the first listed phrase that covers the word, or None.
    """

    pick: str
    phrase: int | None


@dataclass(frozen=True)
class Picking:
    """The words of some prompts, and a sentence for each listed phrase that none of them has."""

    words: tuple[PickWord, ...]
    missing: tuple[str, ...]


def typed_table(segments: Iterable[str]) -> TokenTable:
    """A table whose tokens are the whole words of a prompt's texts; positions count words."""
    words = [word for segment in segments for word in split_words(segment)]
    tokens = (Token(i, encode_pieces(word), True) for i, word in enumerate(words))
    return TokenTable(len(words), tuple(tokens))


def listed_phrases(text: str, form: Form = "list") -> list[str]:
    """The words or phrases that a field names, without what it says of them."""
    parts = filter(None, map(str.strip, re.split(r"\n" if form == "lines" else r"[,\n]", text)))
    if form not in ("pairs", "lines"):
        return list(parts)
    return [part.partition(":")[0].strip() for part in parts]


def picking(tables: Sequence[TokenTable], phrases: Sequence[str]) -> Picking:
    """What there is to pick in the prompts, what is picked, and what is missing."""
    owners: dict[tuple[int, int], int] = {}
    missing = []
    for place, phrase in enumerate(phrases):
        try:
            found = in_any(tables, partial(_find, phrase))
        except ValueError as error:
            missing.append(_sentence(tables, phrase, error))
            continue
        for which, positions in enumerate(found):
            for position in positions or ():
                owners.setdefault((which, position), place)
    words = (
        PickWord(pick, owners.get((which, position)))
        for which, table in enumerate(tables)
        for position, pick in picks(table)
    )
    return Picking(tuple(words), tuple(missing))


def _find(phrase: str, table: TokenTable) -> tuple[int, ...]:
    return tuple(p for text, number in parse_words(phrase) for p in table.find(text, number))


def picks(table: TokenTable) -> list[tuple[int, str]]:
    """(position, name) of every word that is not punctuation alone."""
    spoken = [(i, word) for i, (word, _) in enumerate(table.words) if any(map(str.isalnum, word))]
    times = Counter(word for _, word in spoken)
    seen: Counter[str] = Counter()
    picks = []
    for position, word in spoken:
        seen[word] += 1
        picks.append((position, f"{word}#{seen[word]}" if times[word] > 1 else word))
    return picks


def _sentence(tables: Sequence[TokenTable], phrase: str, error: ValueError) -> str:
    """Short where the word is not there at all: the words there are stand beside it."""
    (asked, *_) = parse_words(phrase.partition("#")[0]) or (Phrase(phrase),)
    for table in tables:
        try:
            table.spans(asked.text)
        except ValueError:
            continue
        return str(error)
    words = [word for table in tables for word, _ in table.words if len(word) >= SPELT]
    return f"“{asked.text}” is not in the prompt.{nearest(asked.text, words)}"
