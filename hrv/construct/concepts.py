"""Concept sets as people write them: text, YAML, CSV, and the layout of the paper's authors.

Text has one concept a line, `Color: red, green, blue`. YAML maps a name to a list of words. CSV
has a concept and its words in a row; a concept may go on in further rows.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from ..files.authors import read_word_list
from ..text.spelling import nearest
from .algorithm import ConceptWords

SUFFIXES = (".txt", ".yaml", ".yml", ".csv")
_NUMBERED = re.compile(r"^\s*1\.\s*\S", re.MULTILINE)


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
                f"Line {number} of the concepts, “{line}”, has no colon. "
                "Write it like Color: red, green, blue"
            )
        _add(sets, name, listed.split(","))
    return sets


def _add(sets: dict[str, tuple[str, ...]], name: str, words: Iterable[str]) -> None:
    name = " ".join(name.split())
    if name.casefold() in (known.casefold() for known in sets):
        raise ValueError(f"The concept “{name}” stands twice. Put its words into one line.")
    listed = (" ".join(word.split()) for word in words)
    sets[name] = tuple(dict.fromkeys(word for word in listed if word))


def concept_words(sets: dict[str, tuple[str, ...]]) -> ConceptWords:
    """The concepts in order; ValueError if there are fewer than two or one has no words."""
    return ConceptWords(tuple(sets), tuple(sets.values()))


def format_concepts(words: ConceptWords) -> str:
    """The text that `parse_concepts` reads."""
    pairs = zip(words.concepts, words.words, strict=True)
    return "\n".join(f"{name}: {', '.join(listed)}" for name, listed in pairs)


def read_concepts(path: Path) -> ConceptWords:
    """The concepts of a file, by its ending; ValueError names the file and what is wrong."""
    try:
        if path.suffix.lower() not in SUFFIXES:
            raise ValueError(f"Expected a file that ends in {', '.join(SUFFIXES)}.")
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() in (".txt", ".csv") and _NUMBERED.search(text):
            return ConceptWords(*read_word_list(path))
        if path.suffix.lower() == ".csv":
            return concept_words(_parse_csv(text))
        if path.suffix.lower() in (".yaml", ".yml"):
            return concept_words(_parse_yaml(text))
        return parse_concepts(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"The concept file {path.name!r} cannot be used. {error}") from error


def _parse_csv(text: str) -> dict[str, tuple[str, ...]]:
    rows: dict[str, list[str]] = {}
    for number, row in enumerate(csv.reader(io.StringIO(text))):
        name, *words = [cell.strip() for cell in row] or [""]
        heading = number == 0 and name.casefold() in ("concept", "concepts")
        if name and not heading:
            rows.setdefault(name, []).extend(words)
    sets: dict[str, tuple[str, ...]] = {}
    for name, words in rows.items():
        _add(sets, name, words)
    return sets


def _parse_yaml(text: str) -> dict[str, tuple[str, ...]]:
    try:
        yaml: Any = import_module("yaml")  # ComfyUI brings it
    except ImportError as error:
        raise ValueError("Reading YAML needs PyYAML: pip install pyyaml") from error
    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"It is no YAML ({error}).") from error
    if not isinstance(content, dict):
        raise ValueError("Its YAML should map each concept to a list: Color: [red, green, blue]")
    sets: dict[str, tuple[str, ...]] = {}
    for name, listed in content.items():
        words = listed.split(",") if isinstance(listed, str) else listed or ()
        if not isinstance(words, list | tuple):
            raise ValueError(f"The words of “{name}” should be a list such as [red, green].")
        _add(sets, str(name), map(str, words))
    return sets


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
    raise ValueError(f"There is no concept “{name}” to leave out.{nearest(name, list(sets))}")


def shared_words(words: ConceptWords) -> list[str]:
    """A warning for each word that stands for several concepts, whose votes go to the first."""
    counts = Counter(word.casefold() for listed in words.words for word in {*listed})
    pairs = list(zip(words.concepts, words.words, strict=True))
    return [
        f"“{word}” stands for several concepts: "
        + ", ".join(name for name, listed in pairs if word in map(str.casefold, listed))
        + ". When both draw it, the first gets the vote; keep it in one of them."
        for word, count in counts.items()
        if count > 1
    ]


def parse_prompts(text: str, limit: int = 0) -> list[str]:
    """One prompt a line, empty lines and lines starting with # skipped, at most `limit` (0: all).

    ValueError if there are none, or fewer than asked for.
    """
    lines = (line.strip() for line in text.splitlines())
    prompts = [line for line in lines if line and not line.startswith("#")]
    if not prompts:
        raise ValueError("There are no prompts. Write one a line, such as: a photo of a red car")
    if limit > len(prompts):
        raise ValueError(f"Asked for {limit} prompts, but there are {len(prompts)}.")
    return prompts[:limit] if limit else prompts
