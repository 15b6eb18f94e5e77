"""Every way to make a two-meaning word mean one thing, judged on the same prompts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, TypedDict

import numpy as np

from ..experiment import SEEDS, DemoStudy, Size, TakesVectors
from ..lab import Lab, measured_digest
from .sources import EQUAL, SOURCES, Wanted, rescale_of, size_of
from .words import (
    BARE,
    DIRECTIONS,
    WORDS,
    WordPrompt,
    clear_words,
    meanings_of,
    random_context,
    shown_meaning,
    text_of,
)

FIRST_SEED = SEEDS["meanings"] + 10_000
MEASURING_SEED = SEEDS["meanings"] + 80_000
CONTEXTS: dict[Size, int] = {"quick": 1, "full": 4}
"""Prompts around each word; the first is the bare word."""
IMAGES = 8
PLAIN, CLEAR = "plain", "clear prompt"
GROUPS: dict[str, tuple[str, ...]] = {
    "voted": (PLAIN, CLEAR, "strengthen by votes", "adjust by votes"),
    "measured": ("measured word", "adjust by votes" + EQUAL, "measured word, heads shuffled"),
    "concepts": ("measured concepts", "measured concepts" + EQUAL),
    "refined": ("refined word", "refined word" + EQUAL),
    "strengthened": ("strengthen by measured concepts",),
}
"""Methods that are judged together; a group's rows do not depend on the others."""
OF_CONCEPTS = ("concepts", "strengthened")
"""Groups that take the measured vectors of concepts."""
METHODS: tuple[str, ...] = tuple(method for group in GROUPS.values() for method in group)


class MethodsCase(WordPrompt, TakesVectors):
    """A group of methods on a prompt; measuring: the seed of the word's measurement."""

    part: str
    group: str
    measuring: int


class Outcomes(TypedDict):
    """What every image of a method shows (`shown_meaning`); size: of r - 1, 0 where none is."""

    method: str
    desired: int
    size: float
    shown: list[str]


class MethodsRow(MethodsCase):
    """All methods of a group."""

    found: list[Outcomes]


class Methods(DemoStudy[MethodsCase, MethodsRow]):
    """Plain sampling, clear words, and Concept Adjust by every source."""

    tag, kinds = "part", ("methods",)

    def cases(self, size: Size) -> list[MethodsCase]:
        cases, measured = list[MethodsCase](), measured_digest()
        for prompts in _by_context(word_prompts(size)):
            for group, prompt in product(GROUPS, prompts):
                case: MethodsCase = {
                    "part": self.kinds[0],
                    "group": group,
                    "word": prompt["word"],
                    "context": prompt["context"],
                    "seeds": prompt["seeds"],
                    "measuring": MEASURING_SEED + WORDS.index(prompt["word"]),
                }
                if group in OF_CONCEPTS:
                    case["vectors"] = measured
                if group not in OF_CONCEPTS or measured:
                    cases.append(case)
        return cases

    def run(self, lab: Lab, case: MethodsCase) -> MethodsRow:
        found = [
            outcomes(lab, case, method, Wanted(case["word"], desired, case["measuring"]))
            for method in GROUPS[case["group"]]
            for desired in (DIRECTIONS if method != PLAIN else (0,))
        ]
        return {**case, "found": found}

    def cost(self, case: MethodsCase) -> float:
        return 0.2 * IMAGES * (2 * len(GROUPS[case["group"]])) + 5


def word_prompts(size: Size) -> list[WordPrompt]:
    """Every word in its first context, then in its next, and so on."""
    rng, prompts = np.random.default_rng(FIRST_SEED), list[WordPrompt]()
    for number, (again, word) in enumerate(product(range(CONTEXTS[size]), WORDS)):
        first = FIRST_SEED + 100 * number
        context = random_context(rng) if again else BARE
        seeds = list(range(first, first + IMAGES))
        prompts.append({"word": word, "context": context, "seeds": seeds})
    return prompts


def _by_context(prompts: list[WordPrompt]) -> list[list[WordPrompt]]:
    """All words in one context together, so that the first cases already hold every word."""
    count = len(WORDS)
    return [prompts[start : start + count] for start in range(0, len(prompts), count)]


def outcomes(lab: Lab, prompt: WordPrompt, method: str, wanted: Wanted) -> Outcomes:
    """What the images of a prompt show by this method."""
    clear = method == CLEAR
    words = clear_words(wanted.word, wanted.desired) if clear else wanted.word
    conditioning = lab.prompt(text_of(prompt["context"], words))
    size, model = 0.0, lab.model
    if method.removesuffix(EQUAL) in SOURCES:
        r = rescale_of(lab, method, wanted)
        size, model = size_of(r), lab.steered(conditioning, wanted.word, r, method)
    return {
        "method": method,
        "desired": wanted.desired,
        "size": round(size, 3),
        "shown": shown_in(lab, model, conditioning, prompt),
    }


def shown_in(lab: Lab, model: Any, conditioning: Any, prompt: WordPrompt) -> list[str]:
    """Which meaning each image shows."""
    seen: Sequence[Any] = lab.see(model, conditioning, prompt["seeds"])
    return [shown_meaning(meanings_of(prompt["word"]), verdict) for verdict in seen]
