"""Every way to make a two-meaning word mean one thing, with the shipped HRV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypedDict

import numpy as np

from ....demo.captions import object_words
from ....demo.world import MEANINGS
from ....hrv.relevance import HeadRelevance
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Conditioning, Lab
from .words import WordPrompt, concepts_of, random_context, shown_meaning, text_of

FIRST_SEED = SEEDS["meanings"]
CONTEXTS: dict[Size, int] = {"quick": 2, "full": 4}
"""Prompts around each word."""
IMAGES = 10
STRENGTHS: dict[Size, tuple[float, ...]] = {
    "quick": (0.5, 1.5),
    "full": (0.25, 0.5, 0.75, 1.5),
}
CLAMPS: dict[Size, tuple[float, ...]] = {"quick": (2.0,), "full": (1.5, 2.0, 3.0)}


@dataclass(frozen=True)
class Setting:
    """One way to make the word mean `desired` (0 or 1, which of its meanings)."""

    method: str
    desired: int
    strength: float = 1.0
    clamp: float = 0.0


class Outcomes(TypedDict):
    """What every image of a setting shows; see `shown_meaning`."""

    method: str
    desired: int
    strength: float
    clamp: float
    shown: list[str]


class MethodsCase(WordPrompt):
    """A prompt, and the strengths and clamps tried with it."""

    part: str
    strengths: Sequence[float]
    clamps: Sequence[float]


class MethodsRow(MethodsCase):
    """All settings of a prompt."""

    found: list[Outcomes]


class Methods(DemoStudy[MethodsCase, MethodsRow]):
    """Plain sampling, clear words, strengthening, adjusting, and the word switched off."""

    tag, kinds = "part", ("methods",)

    def cases(self, size: Size) -> list[MethodsCase]:
        rng = np.random.default_rng(FIRST_SEED)
        cases: list[MethodsCase] = []
        for number, (again, word) in enumerate(product(range(CONTEXTS[size]), MEANINGS)):
            first = FIRST_SEED + 100 * number
            cases.append(
                {
                    "part": self.kinds[0],
                    "word": word,
                    "context": random_context(rng, bare=again == 0),
                    "seeds": list(range(first, first + IMAGES)),
                    "strengths": STRENGTHS[size],
                    "clamps": CLAMPS[size],
                }
            )
        return cases

    def run(self, lab: Lab, case: MethodsCase) -> MethodsRow:
        found = [
            outcomes(lab, lab.relevance, case, setting)
            for setting in settings(case["strengths"], case["clamps"])
        ]
        return {**case, "found": found}

    def cost(self, case: MethodsCase) -> float:
        return 0.1 * IMAGES * len(list(settings(case["strengths"], case["clamps"])))


def bare_prompts(size: Size) -> list[WordPrompt]:
    """The prompts of this study, for the others."""
    return [
        {"word": case["word"], "context": case["context"], "seeds": case["seeds"]}
        for case in Methods().cases(size)
    ]


def settings(strengths: Sequence[float], clamps: Sequence[float]) -> Iterator[Setting]:
    """Every setting of a prompt; the plain one and the one without the word serve both."""
    yield Setting("plain", 0)
    yield Setting("word off", 0)
    for desired in (0, 1):
        for method in ("prompt only", "strengthen", "adjust", "adjust all words"):
            yield Setting(method, desired)
        yield from (Setting("adjust", desired, strength) for strength in strengths)
        yield from (Setting("strengthen", desired, strength) for strength in strengths)
        yield from (Setting("adjust", desired, 1.0, clamp) for clamp in clamps)


def outcomes(lab: Lab, relevance: HeadRelevance, case: WordPrompt, setting: Setting) -> Outcomes:
    """What the images of a prompt show with this setting."""
    word, kinds = case["word"], MEANINGS[case["word"]]
    clear = setting.method == "prompt only"
    words = object_words(kinds[setting.desired]) if clear else word
    prompt = lab.prompt(text_of(case["context"], words))
    model = _steered(lab, relevance, prompt, case, setting)
    seen = lab.see(model, prompt, case["seeds"])
    return {
        "method": setting.method,
        "desired": setting.desired,
        "strength": setting.strength,
        "clamp": setting.clamp,
        "shown": [shown_meaning(kinds, verdict) for verdict in seen],
    }


def _steered(
    lab: Lab, relevance: HeadRelevance, prompt: Conditioning, case: WordPrompt, setting: Setting
) -> Any:
    from ....nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen, HRVOrderedWeaken

    word = case["word"]
    wanted, other = concepts_of(relevance, word, setting.desired)
    clamp = ("custom", setting.clamp) if setting.clamp else ("none", 9.0)
    given = (lab.model, relevance, prompt)
    if setting.method == "adjust all words":
        word = ", ".join(dict.fromkeys(text_of(case["context"], word).split()))
    if setting.method == "strengthen":
        made = HRVConceptStrengthen.execute(*given, word, wanted, setting.strength, *clamp)
    elif setting.method.startswith("adjust"):
        made = HRVConceptAdjust.execute(*given, word, wanted, other, setting.strength, *clamp)
    elif setting.method == "word off":
        made = HRVOrderedWeaken.execute(*given, wanted, "MoRHF", 100.0, "percent", 0.0, word)
    else:
        return lab.model
    return made.args[0]
