"""What every single head does to a two-meaning word, measured; and steering by that.

HRVs are voted from attention maps. Here a head's map of the word is rescaled and the picture that
comes of it is compared: by the judge, whom no user has, and without one, by how far the latent goes
the way from one clear prompt's to the other's ("mouse animal", "computer mouse") from equal noise.
"""

from __future__ import annotations

from itertools import product
from math import log
from typing import Any

from ....demo.captions import object_words, sentence, thing_words
from ....demo.judge import Verdict
from ....demo.world import MEANINGS
from ..framework import Case, Lab, Rows
from .words import concepts_of, shown_meaning, text_of

FACTORS = (-1.0, 3.0)
"""A head's map of the word times these, both as far from doing nothing."""
REACHES = (1.0, 2.0)
"""How far the most decisive head is rescaled when the heads steer together: 1 + reach."""
_FLOOR = 0.01
"""A picture without either meaning has odds of one, and sure judges do not outweigh others."""
JUDGED, CLEAR, VOTED = "heads by the judge", "heads by clear prompts", "HRV, as gently"


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
    import torch

    kinds = MEANINGS[word]
    first, second = (
        lab.latents(lab.model, _alone(object_words(kind)), seeds).flatten() for kind in kinds
    )
    way = (second - first) / (second - first).square().sum()
    found: dict[str, list[float]] = {JUDGED: [], CLEAR: []}
    for head in range(len(lab.relevance.heads)):
        ends: dict[str, list[float]] = {JUDGED: [], CLEAR: []}
        for factor in FACTORS:
            rescale = torch.ones(len(lab.relevance.heads))
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
    return (lab.relevance.row(second) - lab.relevance.row(first)).tolist()


def run(lab: Lab, case: Case) -> Rows:
    """Effects of all heads on the word, and pictures steered by them, or by the votes instead."""
    import torch

    word = case["word"]
    leanings = {**effects(lab, word, case["seeds"]), VOTED: votes(lab, word)}
    found: list[dict[str, Any]] = []
    for one, (method, leaning) in product(case["on"], leanings.items()):
        unit = torch.tensor(leaning) / max(map(abs, leaning))
        for desired, reach in product((0, 1), REACHES):
            rescale = 1 + reach * (2 * desired - 1) * unit
            latents = _latents(lab, text_of(one, word), word, rescale, one["seeds"])
            seen = lab.judge(lab.vae.decode(latents))
            found.append(
                {
                    "word": word,
                    "context": one["context"],
                    "method": method,
                    "desired": desired,
                    "strength": reach,
                    "clamp": 0.0,
                    "shown": [shown_meaning(MEANINGS[word], verdict) for verdict in seen],
                }
            )
    return {
        **case,
        "heads": [str(head) for head in lab.relevance.heads],
        "effects": leanings[JUDGED],
        "clear": leanings[CLEAR],
        "votes": leanings[VOTED],
        "found": found,
    }


def _alone(words: str) -> str:
    """A prompt of nothing else: "a mouse"."""
    return sentence([thing_words(words)])


def _latents(lab: Lab, text: str, word: str, rescale: Any, seeds: list[int]) -> Any:
    """Latents of pictures where the word's maps are rescaled by `rescale` (H,)."""
    from ....nodes.steering.steering import Steering, steered

    prompt = lab.prompt(text)
    steering = Steering("head effects", word, rescale)
    model = steered(lab.model, lab.relevance, prompt, steering)
    return lab.latents(model, prompt, seeds)
