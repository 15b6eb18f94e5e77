"""What every single head does to a two-meaning word, measured one by one.

HRVs are voted from attention maps, HRV Measure takes gradients. Here a head's map of the word is
rescaled and the image that comes of it is compared: by the judge, whom no user has, and without
one, by how far the latent goes the way from one clear prompt's to the other's ("mouse animal",
"computer mouse") from equal noise.
"""

from __future__ import annotations

from math import log
from typing import TypedDict

import torch
from torch import Tensor

from ....demo.judge import Verdict
from ..experiment import SEEDS, DemoStudy, Size
from ..lab import Lab
from .methods import MEASURING_SEED
from .sources import word_effects
from .words import WORDS, alone, clear_words, concepts_of, meanings_of

TRIED: dict[Size, int] = {"quick": 4, "full": 8}
"""Images that each head's effect is measured on."""
FACTORS = (-1.0, 3.0)
"""A head's map of the word times these, both as far from doing nothing."""
_FLOOR = 0.01
"""An image without either meaning has odds of one, and sure judges do not outweigh others."""


class EffectsCase(TypedDict):
    """A word, and the seeds of the images that effects are measured on."""

    part: str
    word: str
    seeds: list[int]
    measuring: int


class EffectsRow(EffectsCase):
    """Of each head (H,): its name; effects: what the judge sees it do; and what is known without
    the judge: clear prompts' latents, votes, and the gradient of HRV Measure."""

    heads: list[str]
    effects: list[float]
    clear: list[float]
    votes: list[float]
    gradient: list[float]


class HeadEffects(DemoStudy[EffectsCase, EffectsRow]):
    """Each head of the word rescaled alone."""

    tag, kinds = "part", ("effects",)

    def cases(self, size: Size) -> list[EffectsCase]:
        cases = list[EffectsCase]()
        for number, word in enumerate(WORDS):
            first = SEEDS["meanings"] + 92_000 + 100 * number
            cases.append(
                {
                    "part": self.kinds[0],
                    "word": word,
                    "seeds": list(range(first, first + TRIED[size])),
                    "measuring": MEASURING_SEED + number,
                }
            )
        return cases

    def run(self, lab: Lab, case: EffectsCase) -> EffectsRow:
        judged, clear = effects(lab, case["word"], case["seeds"])
        return {
            **case,
            "heads": [str(head) for head in lab.relevance.heads],
            "effects": judged,
            "clear": clear,
            "votes": votes(lab, case["word"]),
            "gradient": word_effects(lab, case["word"], case["measuring"]).tolist(),
        }

    def cost(self, case: EffectsCase) -> float:
        return 35.0 * len(case["seeds"])


def log_odds(verdict: Verdict, kinds: tuple[str, str]) -> float:
    """log of second meaning against first, as sure as the judge is; at most log(101)."""
    first, second = (
        max(seen.probabilities["object"][kind] for seen in (verdict.first, verdict.second))
        for kind in kinds
    )
    return log(second + _FLOOR) - log(first + _FLOOR)


def effects(lab: Lab, word: str, seeds: list[int]) -> tuple[list[float], list[float]]:
    """Of each head (H,) per unit of its factor, with the word alone ("a mouse").

    First the change of the mean log odds that the judge sees, then the share of the way between
    the clear prompts' latents.
    """
    kinds, heads = meanings_of(word), len(lab.relevance.heads)
    first, second = (
        lab.latents(lab.model, alone(clear_words(word, desired)), seeds).flatten()
        for desired in (0, 1)
    )
    way = (second - first) / (second - first).square().sum()
    judged, clear = list[float](), list[float]()
    for head in range(heads):
        odds, along = list[float](), list[float]()
        for factor in FACTORS:
            rescale = torch.ones(heads)
            rescale[head] = factor
            latents = _latents(lab, word, rescale, seeds)
            seen = lab.judge(lab.vae.decode(latents))
            odds.append(sum(log_odds(one, kinds) for one in seen) / len(seeds))
            along.append(float(latents.flatten() @ way))
        judged.append((odds[1] - odds[0]) / (FACTORS[1] - FACTORS[0]))
        clear.append((along[1] - along[0]) / (FACTORS[1] - FACTORS[0]))
    return judged, clear


def votes(lab: Lab, word: str) -> list[float]:
    """Of each head (H,): its relevance to the second meaning's concept minus to the first's."""
    second, first = concepts_of(lab.relevance, word, desired=1)
    return [float(v) for v in lab.relevance.row(second) - lab.relevance.row(first)]


def _latents(lab: Lab, word: str, rescale: Tensor, seeds: list[int]) -> Tensor:
    """Latents of images where the bare word's maps are rescaled by `rescale` (H,)."""
    prompt = lab.prompt(alone(word))
    return lab.latents(lab.steered(prompt, word, rescale, "head effects"), prompt, seeds)
