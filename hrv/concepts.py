"""Concept sets as text that people write: one concept a line, `Color: red, green, blue`."""

from __future__ import annotations

from .construct import ConceptWords


def parse_concepts(text: str) -> ConceptWords:
    """Read `Name: word, word` lines; empty lines and lines starting with # are skipped.

    ValueError for a line without a colon, a concept named twice, one without words, or fewer
    than two concepts.
    """
    sets: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, colon, listed = line.partition(":")
        if not colon:
            raise ValueError(
                f"Line {number} of the concepts, “{line}”, has no colon. "
                "Write it like Color: red, green, blue"
            )
        name = name.strip()
        if name in sets:
            raise ValueError(f"The concept “{name}” stands twice. Put its words into one line.")
        sets[name] = tuple(word.strip() for word in listed.split(",") if word.strip())
    return ConceptWords(tuple(sets), tuple(sets.values()))


def format_concepts(words: ConceptWords) -> str:
    """The text that `parse_concepts` reads."""
    pairs = zip(words.concepts, words.words, strict=True)
    return "\n".join(f"{name}: {', '.join(listed)}" for name, listed in pairs)


def parse_prompts(text: str, limit: int = 0) -> list[str]:
    """One prompt a line, empty lines skipped, at most `limit` (0: all); ValueError if none."""
    prompts = [line.strip() for line in text.splitlines() if line.strip()]
    if not prompts:
        raise ValueError("There are no prompts. Write one a line, such as: a photo of a red car")
    if limit > len(prompts):
        raise ValueError(f"Asked for {limit} prompts, but there are {len(prompts)}.")
    return prompts[:limit] if limit else prompts
