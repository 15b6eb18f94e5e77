"""Two-meaning words of the demo world: their prompts, their concepts, and what an image shows."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from ....demo.backdrop import WEATHERS
from ....demo.captions import STYLE_WORDS, WEATHER_WORDS, object_words, sentence, thing_words
from ....demo.judge import Verdict
from ....demo.styles import STYLES
from ....demo.world import COLOURS, MEANINGS, PATTERNS, group_of
from ....hrv.relevance import HeadRelevance

WORDS: tuple[str, ...] = tuple(MEANINGS)
DIRECTIONS = (0, 1)
"""Which of a word's meanings is wanted."""


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


BARE: Context = {"colour": "", "pattern": "", "weather": "", "style": ""}


def random_context(rng: np.random.Generator) -> Context:
    """What stands around the word, everything named."""
    return {
        "colour": str(rng.choice(tuple(COLOURS))),
        "pattern": str(rng.choice(PATTERNS)),
        "weather": WEATHER_WORDS[str(rng.choice(WEATHERS))][0],
        "style": STYLE_WORDS[str(rng.choice(tuple(STYLES)))],
    }


def text_of(context: Context, words: str) -> str:
    """The prompt with these words for the thing."""
    thing = thing_words(words, context["colour"], context["pattern"])
    return sentence([thing], context["weather"], context["style"])


def alone(words: str) -> str:
    """A prompt of nothing else: "a mouse"."""
    return text_of(BARE, words)


def meanings_of(word: str) -> tuple[str, str]:
    """The two kinds of things that the word may mean."""
    return MEANINGS[word]


def clear_words(word: str, desired: int) -> str:
    """The phrase that says which meaning is wanted: "computer mouse"."""
    return object_words(MEANINGS[word][desired])


def concepts_of(relevance: HeadRelevance, word: str, desired: int) -> tuple[str, str]:
    """The concepts of the wanted meaning and of the other one."""
    groups = [k if k in relevance.concepts else group_of(k) for k in MEANINGS[word]]
    return groups[desired], groups[1 - desired]


def shown_meaning(kinds: tuple[str, str], verdict: Verdict) -> str:
    """Which of the two kinds is in the image: "first", "second", "both" or "neither"."""
    first, second = (verdict.find(kind) is not None for kind in kinds)
    if first and second:
        return "both"
    return "first" if first else "second" if second else "neither"
