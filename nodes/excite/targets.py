"""What must be attended to: the named words as tokens of the tagged prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ...hrv.excite.settings import MapReading
from ...hrv.excite.words import ChosenToken, WantedWord, parse_wanted, token_slots
from ...hrv.relevance import HeadRelevance
from ..prompts.tag import Prompt, locate


@dataclass(frozen=True, eq=False)
class PromptTargets:
    """The chosen tokens of one prompt, and the tokens that share its pixels' attention."""

    prompt: Prompt
    tokens: tuple[ChosenToken, ...]
    slots: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of every prompt, and how maps become their loss.

    relevance: head relevance vectors (C, H), a row for each concept, or None for plain means.
    """

    prompts: tuple[PromptTargets, ...]
    relevance: torch.Tensor | None
    reading: MapReading


def find_targets(
    conditioning: Any, words: str, hrv: HeadRelevance | None, reading: MapReading
) -> Targets:
    """The chosen tokens in each prompt that has any of the words; every token counts for itself.

    ValueError, listing what there is, if no prompt has a word or the HRV no such concept.
    """
    listed = parse_wanted(words)
    concepts = _concepts(listed, hrv)
    found: dict[str, tuple[Prompt, list[ChosenToken]]] = {}
    for word, concept in listed:
        row = concepts.index(concept) if concepts and concept else 0
        for prompt, positions in locate(conditioning, word):
            tokens = found.setdefault(prompt.id, (prompt, []))[1]
            tokens.extend(ChosenToken(position, row, word) for position in positions)
    prompts = tuple(_of_prompt(prompt, tokens, reading) for prompt, tokens in found.values())
    relevance = None if hrv is None else torch.stack([hrv.weights(name) for name in concepts])
    return Targets(prompts, relevance, reading)


def _of_prompt(prompt: Prompt, tokens: list[ChosenToken], reading: MapReading) -> PromptTargets:
    slots = token_slots(prompt.tables[0].length, prompt.semantic, reading.token_slice)
    return PromptTargets(prompt, tuple(tokens), slots)


def _concepts(listed: Sequence[WantedWord], hrv: HeadRelevance | None) -> list[str]:
    """The distinct concepts named; with an HRV every word must name one."""
    if hrv is None:
        return []
    for word, concept in listed:
        if concept is None:
            raise ValueError(
                f"A&E-HRV: name the concept of “{word}”, such as {word}: {hrv.concepts[0]}. The "
                f"concepts of this HRV are: {', '.join(hrv.concepts)}."
            )
        hrv.index(concept)
    return list(dict.fromkeys(concept for _, concept in listed if concept))
