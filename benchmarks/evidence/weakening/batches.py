"""Several prompts sampled at once, all with the same heads weakened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from ....demo.judge import Verdict
from ..lab import Conditioning, Lab
from .prompts import Asked

Tokens = Literal["words", "EOT and padding", "both"]
TOKENS: tuple[Tokens, ...] = get_args(Tokens)


@dataclass(frozen=True)
class Rows:
    """What is rescaled: r (H,), and the maps of which tokens."""

    r: Tensor
    tokens: Tokens = "words"


def sample_batch(lab: Lab, asked: Sequence[Asked], rows: Rows) -> list[Verdict]:
    """What the judge sees in the image of each prompt.

    Prompts whose words stand at the same places are sampled together: they share one tag.
    """
    places: dict[tuple[int, ...], list[int]] = {}
    made = [lab.prompt(one["prompt"]) for one in asked]
    for number, conditioning in enumerate(made):
        places.setdefault(_prompt(conditioning).semantic, []).append(number)
    found: dict[int, Verdict] = {}
    for numbers in places.values():
        together = _stacked([made[number] for number in numbers])
        seeds = [asked[number]["seed"] for number in numbers]
        verdicts = lab.see(_rescaled(lab, together, rows), together, seeds)
        found.update(zip(numbers, verdicts, strict=True))
    return [found[number] for number in range(len(asked))]


def _stacked(made: Sequence[Conditioning]) -> Conditioning:
    """One conditioning of as many rows, with the tag of the first."""
    return [[torch.cat([one[0][0] for one in made]), made[0][0][1]]]


def _rescaled(lab: Lab, conditioning: Conditioning, rows: Rows) -> Any:
    from ....nodes.host.patching import add_hooks
    from ....nodes.steering.rescale import Rescale, WordRescale

    if bool((rows.r == 1).all()):
        return lab.model
    prompt = _prompt(conditioning)
    positions = _positions(prompt.semantic, conditioning[0][0].shape[1], rows.tokens)
    word = WordRescale(prompt, positions, rows.r, sigma_start=inf, sigma_end=0.0)
    return add_hooks(lab.model, [Rescale([word], "ordered weakening")])


def _positions(semantic: tuple[int, ...], length: int, tokens: Tokens) -> tuple[int, ...]:
    """Which of the prompt's tokens; the start token is never among them."""
    after = tuple(range(max(semantic) + 1, length))
    return {"words": semantic, "EOT and padding": after, "both": (*semantic, *after)}[tokens]


def _prompt(conditioning: Conditioning) -> Any:
    from ....nodes.prompts.tag import prompts_of

    return prompts_of(conditioning)[0]
