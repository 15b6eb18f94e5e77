"""Prompts of two coloured objects, and what counts as right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ....demo.captions import sentence, thing_words
from ....demo.judge import Verdict
from ....demo.world import BARE, COLOURS, OBJECTS

KINDS = tuple(kind for kind in OBJECTS if kind not in BARE)
"""Kinds with one meaning: this is about what is forgotten, not about what is misread."""
Pair = tuple[list[str], list[str]]
"""Two kinds and their colours."""


def pairs(count: int, seed: int) -> list[Pair]:
    """Different prompts: every pair of kinds in turn, in both orders, with drawn colours."""
    rng = np.random.default_rng(seed)
    every = list(combinations(KINDS, 2))
    order = rng.permutation(len(every))
    found: list[Pair] = []
    for number in range(count):
        kinds = list(every[order[number % len(every)]])
        if number // len(every) % 2:
            kinds.reverse()
        colours = rng.permutation(tuple(COLOURS))[:2].tolist()
        found.append((kinds, colours))
    return found


def prompt_of(pair: Pair) -> str:
    """The caption: both objects with their colours, nothing else."""
    things = zip(*pair, strict=True)
    return sentence([thing_words(kind, colour) for kind, colour in things])


def outcome(wanted: Sequence[tuple[str, str]], verdict: Verdict) -> list[bool]:
    """[first object there, second there, first colour right, second right]."""
    seen = [(verdict.find(kind), colour) for kind, colour in wanted]
    there = [found is not None for found, _ in seen]
    right = [found is not None and found.colour == colour for found, colour in seen]
    return there + right
