"""What every single head does to a two-meaning word, measured; and steering by that.

HRVs are voted from attention maps. Here a head's map of the word is rescaled and the image that
comes of it is compared: by the judge, whom no user has, and without one, by how far the latent goes
the way from one clear prompt's to the other's ("mouse animal", "computer mouse") from equal noise.
"""

from __future__ import annotations

from itertools import product
from math import log
from typing import TypedDict

import torch
from torch import Tensor

from ....demo.captions import object_words, sentence, thing_words
from ....demo.judge import Verdict
from ....demo.world import MEANINGS
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Lab
from .methods import bare_prompts
from .other_hrvs import PromptOutcomes
from .words import WordPrompt, concepts_of, shown_meaning, text_of

TRIED: dict[Size, int] = {"quick": 4, "full": 8}
"""Images that each head's effect is measured on."""
FACTORS = (-1.0, 3.0)
"""A head's map of the word times these, both as far from doing nothing."""
REACHES = (1.0, 2.0)
"""How far the most decisive head is rescaled when the heads steer together: 1 + reach."""
_FLOOR = 0.01
"""An image without either meaning has odds of one, and sure judges do not outweigh others."""
JUDGED, CLEAR, VOTED = "heads by the judge", "heads by clear prompts", "HRV, as gently"


class EffectsCase(TypedDict):
    """A word, the seeds of the images that effects are measured on, and prompts to steer."""

    part: str
    word: str
    kinds: list[str]
    seeds: list[int]
    on: list[WordPrompt]


class EffectsRow(EffectsCase):
    """Of each head (H,) its name, its effect by the judge and by clear prompts, and its votes;
    found: what steering by each of them shows, `strength` being the reach."""

    heads: list[str]
    effects: list[float]
    clear: list[float]
    votes: list[float]
    found: list[PromptOutcomes]


class HeadEffects(DemoStudy[EffectsCase, EffectsRow]):
    """Each head of the word rescaled alone; then all of them by what was measured."""

    tag, kinds = "part", ("effects",)

    def cases(self, size: Size) -> list[EffectsCase]:
        plain, cases = bare_prompts(size), list[EffectsCase]()
        for number, word in enumerate(MEANINGS):
            first = SEEDS["meanings"] + 91_000 + 100 * number
            cases.append(
                {
                    "part": self.kinds[0],
                    "word": word,
                    "kinds": list(MEANINGS[word]),
                    "seeds": list(range(first, first + TRIED[size])),
                    "on": [case for case in plain if case["word"] == word],
                }
            )
        return cases

    def run(self, lab: Lab, case: EffectsCase) -> EffectsRow:
        word = case["word"]
        leanings = {**effects(lab, word, case["seeds"]), VOTED: votes(lab, word)}
        found = [
            outcome
            for one, (method, leaning) in product(case["on"], leanings.items())
            for outcome in _steered_by(lab, one, method, leaning)
        ]
        return {
            **case,
            "heads": [str(head) for head in lab.relevance.heads],
            "effects": leanings[JUDGED],
            "clear": leanings[CLEAR],
            "votes": leanings[VOTED],
            "found": found,
        }

    def cost(self, case: EffectsCase) -> float:
        return 17.0 * len(case["seeds"]) + 8 * len(case["on"])


def log_odds(verdict: Verdict, kinds: tuple[str, str]) -> float:
    """log of second meaning against first, as sure as the judge is; at most log(101)."""
    first, second = (
        max(seen.probabilities["object"][kind] for seen in (verdict.first, verdict.second))
        for kind in kinds
    )
    return log(second + _FLOOR) - log(first + _FLOOR)


def effects(lab: Lab, word: str, seeds: list[int]) -> dict[str, list[float]]:
    """Of each head (H,) per unit of its factor, with the word alone ("a mouse").

    JUDGED: change of the mean log odds; CLEAR: share of the way between the clear prompts' latents.
    """
    kinds, heads = MEANINGS[word], len(lab.relevance.heads)
    first, second = (
        lab.latents(lab.model, _alone(object_words(kind)), seeds).flatten() for kind in kinds
    )
    way = (second - first) / (second - first).square().sum()
    found: dict[str, list[float]] = {JUDGED: [], CLEAR: []}
    for head in range(heads):
        ends: dict[str, list[float]] = {JUDGED: [], CLEAR: []}
        for factor in FACTORS:
            rescale = torch.ones(heads)
            rescale[head] = factor
            latents = _latents(lab, _alone(word), word, rescale, seeds)
            seen = lab.judge(lab.vae.decode(latents))
            ends[JUDGED].append(sum(log_odds(one, kinds) for one in seen) / len(seeds))
            ends[CLEAR].append(float(latents.flatten() @ way))
        for how, (low, high) in ends.items():
            found[how].append((high - low) / (FACTORS[1] - FACTORS[0]))
    return found


def votes(lab: Lab, word: str) -> list[float]:
    """Of each head (H,): its relevance to the second meaning's concept minus to the first's."""
    second, first = concepts_of(lab.relevance, word, desired=1)
    return [float(v) for v in lab.relevance.row(second) - lab.relevance.row(first)]


def _steered_by(
    lab: Lab, case: WordPrompt, method: str, leaning: list[float]
) -> list[PromptOutcomes]:
    """What a prompt shows, steered each way by what is known of each head (H,)."""
    word, found = case["word"], list[PromptOutcomes]()
    unit = torch.tensor(leaning) / max(map(abs, leaning))
    for desired, reach in product((0, 1), REACHES):
        rescale = 1 + reach * (2 * desired - 1) * unit
        latents = _latents(lab, text_of(case["context"], word), word, rescale, case["seeds"])
        seen = lab.judge(lab.vae.decode(latents))
        found.append(
            {
                "word": word,
                "context": case["context"],
                "method": method,
                "desired": desired,
                "strength": reach,
                "clamp": 0.0,
                "shown": [shown_meaning(MEANINGS[word], verdict) for verdict in seen],
            }
        )
    return found


def _alone(words: str) -> str:
    """A prompt of nothing else: "a mouse"."""
    return sentence([thing_words(words)])


def _latents(lab: Lab, text: str, word: str, rescale: Tensor, seeds: list[int]) -> Tensor:
    """Latents of images where the word's maps are rescaled by `rescale` (H,)."""
    prompt = lab.prompt(text)
    return lab.latents(lab.steered(prompt, word, rescale, "head effects"), prompt, seeds)
