"""What an artist asks of single words, written in a line or inside the prompt itself.

In a prompt `<hrv:lavender:Color:-Plants:0.8>`, in a line `lavender: Color: -Plants: 0.8`:
the word, what to read it as, with a minus what not, and how far. The last two may be left out.
Everything else that prompts have, such as `<lora:...>` and (weights:1.2), stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

STRONGEST = 3.0
"""The largest strength that may be asked for."""
_TAGS = re.compile(r"([ \t]*)((?:<hrv:[^<>]*>[ \t]*)+)", re.IGNORECASE)
_TAG = re.compile(r"<hrv:([^<>]*)>", re.IGNORECASE)
_BROKEN = re.compile(r"<hrv\b[^\n]{0,40}", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_TAG_FORM = "Write it like <hrv:lavender:Color:-Plants:0.8>."
_LINE_FORM = "Write it like lavender: Color: -Plants: 0.8"


@dataclass(frozen=True)
class WordReading:
    """How one word of a prompt is to be read.

    word: as in the prompt, "mouse#2" for the second one; read_as, not_as: concepts or phrases,
    not_as empty for nothing in particular; strength: 0 for not at all, up to `STRONGEST`.
    ValueError where it does not say what to do.
    """

    word: str
    read_as: str
    not_as: str = ""
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not self.word.strip():
            raise ValueError("Name the word of the prompt that is to be read differently.")
        if not self.read_as.strip():
            raise ValueError(
                f"Say what “{self.word}” is to be read as: a concept such as Color, or a clear "
                "phrase such as computer mouse."
            )
        if self.read_as.strip().casefold() == self.not_as.strip().casefold():
            raise ValueError(
                f"“{self.word}” is to be read as “{self.read_as}” and not as “{self.not_as}”, "
                "which is the same. Change one of them, or leave “not as” empty."
            )
        if not 0 <= self.strength <= STRONGEST:
            raise ValueError(
                f"The strength for “{self.word}” is {self.strength:g}; use 0 to {STRONGEST:g}. To "
                "push a meaning away, name it with a minus, such as -Plants."
            )

    def __str__(self) -> str:
        away = f", not {self.not_as}" if self.not_as else ""
        return f"{self.word}: {self.read_as}{away}"


def take_out(prompt: str, strength: float = 1.0) -> tuple[str, tuple[WordReading, ...]]:
    """The prompt without its <hrv:...> forms, and what they ask for.

    strength: of those that name none. ValueError, quoting the form, for one that is not right.
    """
    readings = tuple(_reading(tag[1], tag[0], _TAG_FORM, strength) for tag in _TAG.finditer(prompt))
    plain = without_forms(prompt)
    broken = _BROKEN.search(plain)
    if broken:
        raise ValueError(f"“{broken[0]}” is not a complete form. {_TAG_FORM}")
    return plain, readings


def without_forms(prompt: str) -> str:
    """The prompt without its <hrv:...> forms, right or wrong."""
    return _TAGS.sub(_gap, prompt)


def read_lines(text: str, strength: float = 1.0) -> tuple[WordReading, ...]:
    """What the lines of a text ask for, one word per line; empty lines are skipped.

    strength: of those that name none. ValueError, quoting the line, for one that is not right.
    """
    lines = filter(None, map(str.strip, text.splitlines()))
    return tuple(_reading(line, line, _LINE_FORM, strength) for line in lines)


def check_once(readings: Iterable[WordReading]) -> None:
    """ValueError where a word is asked for twice."""
    seen: dict[str, WordReading] = {}
    for reading in readings:
        earlier = seen.setdefault(" ".join(reading.word.casefold().split()), reading)
        if earlier is not reading:
            raise ValueError(
                f"“{reading.word}” is asked for twice ({earlier}; {reading}). Keep one of them; "
                f"where the prompt has the word twice, name {reading.word}#1 and {reading.word}#2."
            )


def _reading(content: str, shown: str, form: str, strength: float) -> WordReading:
    """The word and what is asked of it, of "word:read as:-not as:strength"."""
    word, *fields = map(str.strip, content.split(":"))
    said: dict[str, str] = {}
    for field in filter(None, fields):
        kind = _kind(field)
        if kind in said:
            raise ValueError(f"“{shown}” has two of “{kind}”: {said[kind]}, {field}. {form}")
        said[kind] = field
    try:
        return WordReading(
            word,
            said.get("read as", ""),
            said.get("not as", "").removeprefix("-").strip(),
            float(said.get("strength", strength)),
        )
    except ValueError as error:
        raise ValueError(f"“{shown}”: {error} {form}") from error


def _kind(field: str) -> str:
    if _NUMBER.fullmatch(field):
        return "strength"
    return "not as" if field.startswith("-") else "read as"


def _gap(tags: re.Match[str]) -> str:
    """The blank that stays where forms stood: one between two words, none at an end or a comma."""
    before, text = tags.string[: tags.start()], tags.string[tags.end() :]
    spaced = bool(tags[1]) or tags[2][-1] in " \t"
    inside = before[-1:] not in ("", "\n") and text[:1] not in ("", *"\r\n,.;:!?)")
    return " " if spaced and inside else ""
