"""Prompts with a two-meaning word, the word's concepts, and which meaning a picture shows."""

from __future__ import annotations

from ....demo.captions import sentence, thing_words
from ....demo.judge import Verdict
from ....demo.world import MEANINGS, group_of
from ....hrv.relevance import HeadRelevance
from ..framework import Case


def text_of(case: Case, words: str) -> str:
    """The prompt with these words for the thing."""
    context = case["context"]
    thing = thing_words(words, context["colour"], context["pattern"])
    return sentence([thing], context["weather"], context["style"])


def concepts_of(relevance: HeadRelevance, word: str, desired: int) -> tuple[str, str]:
    """The concepts of the wanted meaning and of the other one."""
    kinds = MEANINGS[word]
    groups = [kind if kind in relevance.concepts else group_of(kind) for kind in kinds]
    return groups[desired], groups[1 - desired]


def shown_meaning(kinds: tuple[str, str], verdict: Verdict) -> str:
    """Which of the two kinds is in the picture: "first", "second", "both" or "neither"."""
    first, second = (verdict.find(kind) is not None for kind in kinds)
    if first and second:
        return "both"
    return "first" if first else "second" if second else "neither"
