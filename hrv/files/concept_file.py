"""Concept sets in files: text, YAML, CSV, and the layout of the paper's authors.

Text is that of `parse_concepts`. YAML maps a name to a list of words. CSV has a concept and its
words in a row; a concept may go on in further rows.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from ..construct.concepts import ConceptWords, add_concept, concept_words, parse_concepts
from ..text.untrusted import read_text
from .authors import read_word_list

SUFFIXES = (".txt", ".yaml", ".yml", ".csv")
_PLAIN = (str, int, float)  # YAML takes 1 and true for more than words
_NUMBERED = re.compile(r"^\s*1\.\s*\S", re.MULTILINE)


def read_concepts(path: Path) -> ConceptWords:
    """The concepts of a file, by its ending; ValueError names the file and what is wrong."""
    try:
        if path.suffix.lower() not in SUFFIXES:
            raise ValueError(f"Expected a file that ends in {', '.join(SUFFIXES)}.")
        text = read_text(path)
        if path.suffix.lower() in (".txt", ".csv") and _NUMBERED.search(text):
            return ConceptWords(*read_word_list(path))
        if path.suffix.lower() == ".csv":
            return concept_words(_parse_csv(text))
        if path.suffix.lower() in (".yaml", ".yml"):
            return concept_words(_parse_yaml(text))
        return parse_concepts(text)
    except ValueError as error:
        raise ValueError(f"The concept file {path.name!r} cannot be used. {error}") from error


def _parse_csv(text: str) -> dict[str, tuple[str, ...]]:
    rows: dict[str, list[str]] = {}
    for number, row in enumerate(_csv_rows(text)):
        name, *words = [cell.strip() for cell in row] or [""]
        heading = number == 0 and name.casefold() in ("concept", "concepts")
        if name and not heading:
            rows.setdefault(name, []).extend(words)
    sets: dict[str, tuple[str, ...]] = {}
    for name, words in rows.items():
        add_concept(sets, name, words)
    return sets


def _csv_rows(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise ValueError(f"It is not valid CSV ({error}).") from error


def _parse_yaml(text: str) -> dict[str, tuple[str, ...]]:
    try:
        import yaml  # ComfyUI brings it
    except ImportError as error:
        raise ValueError("Reading YAML needs PyYAML: pip install pyyaml") from error
    try:
        content: object = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # an impossible date is the last
        raise ValueError(f"It is not valid YAML ({error}).") from error
    if not isinstance(content, dict):
        raise ValueError("Its YAML should map each concept to a list: Color: [red, green, blue]")
    sets: dict[str, tuple[str, ...]] = {}
    for name, listed in content.items():
        words = listed.split(",") if isinstance(listed, str) else listed or ()
        plain = isinstance(words, list) and all(isinstance(word, _PLAIN) for word in words)
        if not plain or not isinstance(name, _PLAIN):
            raise ValueError(f"The words of “{name!s:.50}” should be a list such as [red, green].")
        add_concept(sets, str(name), map(str, words))
    return sets
