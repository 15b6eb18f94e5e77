"""Full prompts from templates, each with the same that have one concept's word swapped.

A template is a line such as "a photo of a {Color} {Animals|Vehicles}". A place in braces names a
concept, or several of which one is drawn; {object} is a plain noun, unless a concept is called so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..construct.concepts import ConceptWords
from ..text.spelling import nearest

OBJECT = "object"
_NOUNS = ("cat", "car", "house", "tree", "chair", "cup", "boat", "shoe", "bird", "apple")
_ARTICLE = re.compile(r"(?<!\S)([aA])n?(\s+)$")


@dataclass(frozen=True)
class Place:
    """A place of a template: numbers of the concepts that may stand there; none: a plain noun."""

    concepts: tuple[int, ...]


@dataclass(frozen=True)
class Template:
    """Literal text and places in turn: text, place, text, place, ..., text."""

    texts: tuple[str, ...]
    places: tuple[Place, ...]

    def filled(self, words: Sequence[str]) -> str:
        """The prompt with a word in each place; a or an before it as the word wants it."""
        parts = [self.texts[0]]
        for word, after in zip(words, self.texts[1:], strict=True):
            article = r"\1n\2" if word[:1].lower() in "aeiou" else r"\1\2"
            parts[-1] = _ARTICLE.sub(article, parts[-1])
            parts += [word, after]
        return " ".join("".join(parts).split())


@dataclass(frozen=True)
class Swap:
    """The prompt with other words in the place of a concept; concept: its number."""

    concept: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class ConceptPrompt:
    """A full prompt, and for each of its concepts the same with that concept's word swapped."""

    text: str
    swaps: tuple[Swap, ...]


def parse_templates(text: str, words: ConceptWords) -> tuple[Template, ...]:
    """One template per line; empty lines and lines starting with # are skipped.

    ValueError for an unknown concept, braces that do not match, a line without a concept, a
    concept without a place, or a place with a single word, which nothing can be swapped for.
    """
    numbered = enumerate((line.strip() for line in text.splitlines()), start=1)
    templates = tuple(
        _template(number, line, words)
        for number, line in numbered
        if line and not line.startswith("#")
    )
    if not templates:
        raise ValueError(
            "There are no templates. Write one per line, such as: a photo of a {Color} {object}"
        )
    placed = {c for template in templates for place in template.places for c in place.concepts}
    missing = [name for n, name in enumerate(words.concepts) if n not in placed]
    if missing:
        raise ValueError(
            f"No template has a place for: {', '.join(missing)}. Add a line for each, such as: "
            f"a photo of a {{{missing[0]}}}"
        )
    return templates


def _template(number: int, line: str, words: ConceptWords) -> Template:
    parts = re.split(r"\{([^{}]*)\}", line)
    texts, names = tuple(parts[::2]), parts[1::2]
    if any("{" in text or "}" in text for text in texts):
        raise ValueError(
            f"Line {number} of the templates, “{line}”, has a brace without its partner. Write a "
            "place like {Color}"
        )
    places = tuple(_place(number, name, words) for name in names)
    if not any(place.concepts for place in places):
        raise ValueError(
            f"Line {number} of the templates, “{line}”, has no concept in braces. Write it like: "
            f"a photo of a {{{words.concepts[0]}}}"
        )
    return Template(texts, places)


def _place(number: int, inside: str, words: ConceptWords) -> Place:
    known = {name.casefold(): n for n, name in enumerate(words.concepts)}
    named = [" ".join(name.split()) for name in inside.split("|")]
    if [name.casefold() for name in named] == [OBJECT] and OBJECT not in known:
        return Place(())
    for name in named:
        if name.casefold() not in known:
            raise ValueError(
                f"Line {number} of the templates has a place for “{name}”, but there is no such "
                f"concept.{nearest(name, words.concepts)} The concepts are: "
                f"{', '.join(words.concepts)}."
            )
    place = Place(tuple(dict.fromkeys(known[name.casefold()] for name in named)))
    if len(_spellings(place, words)) < 2:
        raise ValueError(
            f"The concept “{words.concepts[place.concepts[0]]}” has one word only, so nothing can "
            "be put in its place. Give it a second one."
        )
    return place


def _spellings(place: Place, words: ConceptWords) -> dict[str, str]:
    """The words that may stand in a place, each once, by their spelling in lower case."""
    return {word.casefold(): word for n in place.concepts for word in words.words[n]}


def draw_prompt(
    templates: Sequence[Template], words: ConceptWords, seed: int, number: int, swaps: int = 1
) -> ConceptPrompt:
    """The prompt with this number; it depends on the seed and the number alone.

    swaps: how many other words each concept's word is swapped for, fewer where there are fewer.

    Templates take turns, two prompts each, so that prompts with even and with odd numbers have
    all of them. In each half concepts and words take turns in shuffled rounds, so that few prompts
    hold them equally often. The other words are drawn uniformly among those of the place.
    """
    pair, half = divmod(number, 2)
    which, turn = pair % len(templates), pair // len(templates)
    template = templates[which]
    drawn: list[tuple[int | None, str]] = []
    for at, place in enumerate(template.places):
        name = f"{seed}, half {half}, template {which}, place {at}"
        drawn.append(_draw_word(place, words, name, turn))
    chosen = [word for _, word in drawn]
    swapped = []
    for at, (place, (concept, word)) in enumerate(zip(template.places, drawn, strict=True)):
        if concept is not None:
            others = [w for key, w in _spellings(place, words).items() if key != word.casefold()]
            draw = _generator(f"{seed}, prompt {number}, swap {at}")
            order = torch.randperm(len(others), generator=draw)[:swaps].tolist()
            filled = [[*chosen[:at], others[n], *chosen[at + 1 :]] for n in order]
            swapped.append(Swap(concept, tuple(map(template.filled, filled))))
    return ConceptPrompt(template.filled(chosen), tuple(swapped))


def _draw_word(place: Place, words: ConceptWords, name: str, turn: int) -> tuple[int | None, str]:
    """The concept whose turn it is in a place, and its word; a noun without a concept."""
    if not place.concepts:
        return None, _NOUNS[_shuffled(name, turn, len(_NOUNS))]
    concept = place.concepts[_shuffled(f"{name}, concept", turn, len(place.concepts))]
    listed = words.words[concept]
    uses = turn // len(place.concepts)  # each concept once in every round
    return concept, listed[_shuffled(f"{name}, word of {concept}", uses, len(listed))]


def _shuffled(name: str, turn: int, count: int) -> int:
    """The number at a turn of an endless sequence of shuffled rounds of 0 ... count - 1."""
    turns, at = divmod(turn, count)
    return int(torch.randperm(count, generator=_generator(f"{name}, round {turns}"))[at])


def _generator(name: str) -> torch.Generator:
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")
    return torch.Generator().manual_seed(seed)
