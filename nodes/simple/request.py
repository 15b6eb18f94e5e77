"""What the fields of HRV Steer ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...hrv.text.inline import WordReading, check_once, read_lines, take_out
from ...hrv.text.spelling import nearest
from .presets import NONE, PRESETS


@dataclass(frozen=True)
class Fields:
    """The node's fields as they are typed."""

    text: str
    preset: str = NONE
    word: str = ""
    read_as: str = ""
    not_as: str = ""
    strength: float = 1.0
    more_words: str = ""


@dataclass(frozen=True)
class Request:
    """The prompt to encode, and how its words are to be read."""

    text: str
    readings: tuple[WordReading, ...]


def read_fields(fields: Fields) -> Request:
    """What the fields ask for; ValueError, in an artist's words, for what is unclear."""
    text, inside = take_out(fields.text, fields.strength)
    lines = more_readings(fields.more_words, fields.strength)
    own = own_reading(fields.word, fields.read_as, fields.not_as, fields.strength)
    readings = (*_preset(fields.preset, fields.strength), *own, *lines, *inside)
    check_once(readings)
    return Request(text, readings)


def more_readings(text: str, strength: float = 1.0) -> tuple[WordReading, ...]:
    """What the lines of “more words” ask for; ValueError names the field."""
    try:
        return read_lines(text, strength)
    except ValueError as error:
        raise ValueError(f"more words: {error}") from error


def _preset(name: str, strength: float) -> list[WordReading]:
    if name == NONE:
        return []
    if name not in PRESETS:
        raise ValueError(f"There is no preset {name!r}.{nearest(name, PRESETS)} Choose one.")
    return [replace(PRESETS[name], strength=strength)]


def own_reading(
    word: str, read_as: str, not_as: str, strength: float = 1.0
) -> tuple[WordReading, ...]:
    """The reading of the node's own word; none where its fields are empty."""
    asked = [each.strip() for each in (word, read_as, not_as)]
    return (WordReading(asked[0], asked[1], asked[2], strength),) if any(asked) else ()
