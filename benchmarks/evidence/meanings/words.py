"""Prompts with a two-meaning word, the word's concepts, and which meaning an image shows."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from ....demo.backdrop import WEATHERS
from ....demo.captions import STYLE_WORDS, WEATHER_WORDS, sentence, thing_words
from ....demo.judge import Verdict
from ....demo.styles import STYLES
from ....demo.world import COLOURS, MEANINGS, PATTERNS, group_of
from ....hrv.relevance import HeadRelevance


class Context(TypedDict):
    """What stands around the word; "" where nothing does."""

    colour: str
    pattern: str
    weather: str
    style: str


class WordPrompt(TypedDict):
    """A two-meaning word in its context, and the seeds of its images."""

    word: str
    context: Context
    seeds: list[int]


def random_context(rng: np.random.Generator, bare: bool) -> Context:
    """What stands around the word; nothing where it is bare."""
    drawn: Context = {
        "colour": str(rng.choice(tuple(COLOURS))),
        "pattern": str(rng.choice(PATTERNS)),
        "weather": WEATHER_WORDS[str(rng.choice(WEATHERS))][0],
        "style": STYLE_WORDS[str(rng.choice(tuple(STYLES)))],
    }
    return {"colour": "", "pattern": "", "weather": "", "style": ""} if bare else drawn


def text_of(context: Context, words: str) -> str:
    """The prompt with these words for the thing."""
    thing = thing_words(words, context["colour"], context["pattern"])
    return sentence([thing], context["weather"], context["style"])


def concepts_of(relevance: HeadRelevance, word: str, desired: int) -> tuple[str, str]:
    """The concepts of the wanted meaning and of the other one."""
    kinds = MEANINGS[word]
    groups = [kind if kind in relevance.concepts else group_of(kind) for kind in kinds]
    return groups[desired], groups[1 - desired]


def shown_meaning(kinds: tuple[str, str], verdict: Verdict) -> str:
    """Which of the two kinds is in the image: "first", "second", "both" or "neither"."""
    first, second = (verdict.find(kind) is not None for kind in kinds)
    if first and second:
        return "both"
    return "first" if first else "second" if second else "neither"
