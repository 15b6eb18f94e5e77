"""Prompts of the experiments: the authors' lists, fetched on request, or a few of our own."""

from __future__ import annotations

import csv
from pathlib import Path

from ...hrv.files.published_lists import published_list
from ...nodes.library.concept_lists import SHIPPED

Pair = tuple[str, str]
EDITS: dict[str, tuple[Pair, ...]] = {
    "Color": (("a green bus", "a yellow bus"), ("a black sofa", "a red sofa")),
    "Material": (("a spoon made of silver", "a spoon made of wood"),),
    "Geometric Patterns": (("a scarf with a dotted pattern", "a scarf with a striped pattern"),),
    "Image Style": (("an oil painting of a harbor", "a pencil drawing of a harbor"),),
    "Weather Conditions": (("a fox on a sunny day", "a fox on a rainy day"),),
}
"""Concept -> source and target prompts."""
OBJECTS: dict[str, tuple[str, ...]] = {
    "type 1": ("a sheep and a duck", "a goat and a turtle"),
    "type 2": ("a blue duck and a red turtle", "a white goat and a black duck"),
}
"""Two objects, without and with colours."""
FILES: dict[str, str] = {
    "Color": "edit color",
    "Material": "edit material",
    "Geometric Patterns": "edit geometric patterns",
    "Image Style": "edit image style",
    "Weather Conditions": "edit weather conditions",
    "type 1": "two objects",
    "type 2": "two coloured objects",
}
"""Which published list each of them is."""


def edit_pairs(authors: Path | None) -> dict[str, tuple[Pair, ...]]:
    """Source and target prompts by concept; `authors`: the folder for the published lists."""
    if authors is None:
        return EDITS
    return {concept: tuple(_pairs(_fetched(concept, authors))) for concept in EDITS}


def object_prompts(authors: Path | None) -> dict[str, tuple[str, ...]]:
    """Prompts of two objects by type; `authors`: the folder for the published lists."""
    if authors is None:
        return OBJECTS
    return {kind: tuple(_lines(_fetched(kind, authors))) for kind in OBJECTS}


def objects_of(prompt: str) -> tuple[str, ...]:
    """The things of "a green bear and a cat": ("green bear", "cat").

    ValueError unless it is things with articles, joined by "and".
    """
    things = []
    for part in prompt.strip().rstrip(".").split(" and "):
        article, _, thing = part.strip().partition(" ")
        if article.lower() not in ("a", "an", "the", "one") or not thing:
            raise ValueError(f"{prompt!r} should read like “a red cat and a blue dog”.")
        things.append(thing)
    return tuple(things)


def _fetched(name: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return published_list(SHIPPED / "published.json", FILES[name]).fetch(folder)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]


def _pairs(path: Path) -> list[Pair]:
    rows = csv.DictReader(_lines(path))
    return [(row["source_prompt"].strip(), row["target_prompt"].strip()) for row in rows]
