"""Concepts and the words that stand for them, and the text in which people write them.

Text has one concept per line, `Color: red, green, blue`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..text.spelling import nearest
from ..text.untrusted import short

MOST_CONCEPTS = 1000
LONGEST_NAME = 200
"""Letters of a concept's name or word."""


@dataclass(frozen=True)
class ConceptWords:
    """Concepts in order and the concept-words that stand for each; ValueError if one has none."""

    concepts: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if len(self.concepts) != len(self.words):
            raise ValueError(
                f"Expected a list of words for each of {len(self.concepts)} concepts; "
                f"found {len(self.words)} lists."
            )
        if len(self.concepts) < 2:
            raise ValueError("Heads vote between concepts: give at least two.")
        empty = [c for c, words in zip(self.concepts, self.words, strict=True) if not words]
        if empty:
            raise ValueError(f"Give at least one word for: {short(', '.join(empty), 400)}.")


def parse_concepts(text: str) -> ConceptWords:
    """Read `Name: word, word` lines; empty lines and lines starting with # are skipped.

    ValueError for a line without a colon, a concept named twice, one without words, or fewer
    than two concepts.
    """
    return concept_words(parse_lines(text))


def parse_lines(text: str) -> dict[str, tuple[str, ...]]:
    """Words by concept as they are written, even where there are none; errors of the lines."""
    sets: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, colon, listed = line.partition(":")
        if not colon or not name.strip():
            raise ValueError(
                f"Line {number} of the concepts, “{short(line)}”, has no colon. "
                "Write it like Color: red, green, blue"
            )
        add_concept(sets, name, listed.split(","))
    return sets


def add_concept(sets: dict[str, tuple[str, ...]], name: str, words: Iterable[str]) -> None:
    """Put a concept into `sets`, its words once each; ValueError if it is there already."""
    name = " ".join(name.split())
    if len(sets) >= MOST_CONCEPTS:
        raise ValueError(f"There are more than {MOST_CONCEPTS} concepts. Split the list.")
    if name.casefold() in (known.casefold() for known in sets):
        raise ValueError(f"The concept “{name}” appears twice. Put its words on one line.")
    listed = (" ".join(word.split()) for word in words)
    sets[name] = tuple(dict.fromkeys(word for word in listed if word))
    for long in (each for each in (name, *sets[name]) if len(each) > LONGEST_NAME):
        raise ValueError(
            f"“{short(long, 40)}” has {len(long)} letters; names and words have at most "
            f"{LONGEST_NAME}. Separate words by commas."
        )


def concept_words(sets: dict[str, tuple[str, ...]]) -> ConceptWords:
    """The concepts in order; ValueError if there are fewer than two or one has no words."""
    return ConceptWords(tuple(sets), tuple(sets.values()))


def format_concepts(words: ConceptWords) -> str:
    """The text that `parse_concepts` reads."""
    pairs = zip(words.concepts, words.words, strict=True)
    return "\n".join(f"{name}: {', '.join(listed)}" for name, listed in pairs)


def edited(words: ConceptWords | None, text: str, remove: str = "") -> ConceptWords:
    """`words` without the concepts named in `remove`, and with those of `text` put in or replaced.

    `remove` lists names, separated by commas. ValueError if one is not there.
    """
    sets = {} if words is None else dict(zip(words.concepts, words.words, strict=True))
    for name in (part.strip() for part in remove.split(",")):
        if name:
            sets.pop(_spelt(name, sets))
    for name, listed in parse_lines(text).items():
        known = [old for old in sets if old.casefold() == name.casefold()]
        sets[known[0] if known else name] = listed
    return concept_words(sets)


def _spelt(name: str, sets: dict[str, tuple[str, ...]]) -> str:
    for known in sets:
        if known.casefold() == name.casefold():
            return known
    raise ValueError(f"There is no concept “{name}” to remove.{nearest(name, list(sets))}")


def shared_words(words: ConceptWords) -> list[str]:
    """A warning for each word that stands for several concepts, whose votes go to the first."""
    counts = Counter(word.casefold() for listed in words.words for word in {*listed})
    pairs = list(zip(words.concepts, words.words, strict=True))
    return [
        f"“{word}” is listed under several concepts: "
        + ", ".join(name for name, listed in pairs if word in map(str.casefold, listed))
        + ". When both draw it, the first gets the vote; keep it in one of them."
        for word, count in counts.items()
        if count > 1
    ]


def difference(mine: ConceptWords, theirs: ConceptWords) -> str:
    """In what two concept sets differ, for messages."""
    if mine.concepts != theirs.concepts:
        return f"{', '.join(mine.concepts)} and {', '.join(theirs.concepts)}"
    pairs = zip(mine.concepts, mine.words, theirs.words, strict=True)
    return "the words of " + ", ".join(concept for concept, a, b in pairs if a != b)
