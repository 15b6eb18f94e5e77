"""Small HRVs of the demo model made in other ways, to find out what two-meaning words need."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ....demo.captions import object_words
from ....demo.concepts import CONCEPTS, prompts
from ....demo.world import BARE, GROUPS, OBJECTS
from ....hrv.construct.algorithm import Recipe
from ....hrv.construct.concepts import ConceptWords
from ....hrv.relevance import HeadRelevance
from ..experiment import SEEDS
from ..lab import Lab

PROMPTS, STEPS = 80, 10
Words = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Variant:
    """How an HRV is made, and how it is used then.

    words: concept -> concept-words; told: for the page.
    """

    told: str
    words: Words
    recipe: Recipe = "paper"


def _with(groups: Words) -> Words:
    return {**CONCEPTS, **groups}


def _helper(kind: str) -> str:
    """The word that makes a two-meaning word clear: animal, car, ..."""
    named = set(object_words(kind).split()) - {BARE[kind]}
    return " ".join(named)


VARIANTS: dict[str, Variant] = {
    "as shipped, few votes": Variant(
        "the shipped concept-words with as few prompts as the others here", CONCEPTS
    ),
    "clear words": Variant(
        "the words of both meanings, made clear (beetle insect), join their concepts",
        _with({group: tuple(map(object_words, kinds)) for group, kinds in GROUPS.items()}),
    ),
    "helper words": Variant(
        "only the words that make clear (insect, car) stand for the object concepts",
        _with({g: tuple(_helper(k) for k in kinds if k in BARE) for g, kinds in GROUPS.items()}),
    ),
    "one object each": Variant(
        "every object is a concept of its own, two meanings are two concepts",
        {
            **{kind: (object_words(kind),) for kind in OBJECTS},
            **{name: words for name, words in CONCEPTS.items() if name not in GROUPS},
        },
    ),
    "objects only": Variant(
        "heads vote between the four object concepts alone",
        {group: tuple(map(object_words, kinds)) for group, kinds in GROUPS.items()},
    ),
    "authors' recipe": Variant(
        "clear words, counted as the authors' code does",
        _with({group: tuple(map(object_words, kinds)) for group, kinds in GROUPS.items()}),
        recipe="authors",
    ),
}


def relevance_of(lab: Lab, variant: Variant) -> HeadRelevance:
    """The HRV of a variant, voted anew by the demo model's heads."""
    from ....nodes.construct.run import construct
    from ....nodes.construct.settings import Batching, ConstructSettings, Sampling

    words = variant.words
    seed = SEEDS["meanings"] + 90_000
    settings = ConstructSettings(
        sampling=Sampling(seed=seed, steps=STEPS, cfg=4.0, width=64, height=64),
        batching=Batching(size=20, exact=False),
        recipe=variant.recipe,
    )
    with torch.inference_mode():
        return construct(
            lab.model,
            lab.clip,
            ConceptWords(tuple(words), tuple(words.values())),
            prompts(PROMPTS, seed),
            settings,
        )
