"""Where the rescale vector r of a two-meaning word comes from: votes, or heads measured.

Every method gives one r (H,) for the word's maps. Those "of equal size" are drawn in or out to the
sum of |r - 1| that the measured word has, so that no source wins by pushing harder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from ....hrv.measure.readings import Readings
from ....hrv.measure.steer import towards
from ....hrv.rescale import adjusting, blend, strengthening
from ..lab import Lab
from .words import alone, clear_words, concepts_of

REACH = 2.0
"""Concept Adjust's strength with measured vectors, as in the demo workflow."""
IMAGES, STEPS, CFG = 10, 10, 4.0
"""What a word is measured on: the word alone, from seeds that are not judged."""
PASSES, REFINED_ON = 6, 4
"""Passes of HRV Measure that refine a word, and on how many images each."""
EQUAL = ", of equal size"


@dataclass(frozen=True)
class Wanted:
    """A word, which of its meanings is wanted, and the seed that its measurement starts from."""

    word: str
    desired: int
    seed: int


def voted_strengthen(lab: Lab, wanted: Wanted) -> Tensor:
    """Concept Strengthen by the votes for the wanted meaning's concept."""
    concept, _ = concepts_of(lab.relevance, wanted.word, wanted.desired)
    return strengthening(lab.relevance, concept)


def voted(lab: Lab, wanted: Wanted) -> Tensor:
    """Concept Adjust by votes: the paper's r = 2 h[desired] - h[undesired]."""
    return adjusting(lab.relevance, *concepts_of(lab.relevance, wanted.word, wanted.desired))


def word(lab: Lab, wanted: Wanted) -> Tensor:
    """Concept Adjust by the measured word: one linear step."""
    g = word_effects(lab, wanted.word, wanted.seed)
    return blend(towards(g if wanted.desired else -g), REACH)


def shuffled(lab: Lab, wanted: Wanted) -> Tensor:
    """The measured word's factors at heads drawn by lot: a control."""
    r = word(lab, wanted)
    drawn = torch.Generator().manual_seed(wanted.seed + wanted.desired)
    return r[torch.randperm(len(r), generator=drawn)]


def concepts(lab: Lab, wanted: Wanted) -> Tensor:
    """Concept Adjust by the measured vectors of the two meanings' concepts."""
    pair = concepts_of(lab.measured, wanted.word, wanted.desired)
    return blend(adjusting(lab.measured, *pair), REACH)


def concept_strengthen(lab: Lab, wanted: Wanted) -> Tensor:
    """Concept Strengthen by the measured vector of the wanted meaning's concept."""
    concept, _ = concepts_of(lab.measured, wanted.word, wanted.desired)
    return blend(strengthening(lab.measured, concept), REACH)


def refined(lab: Lab, wanted: Wanted) -> Tensor:
    """The measured word refined by further passes, with the strength that HRV Measure names."""
    found = _measured(lab, wanted.word, wanted.desired, (wanted.seed, REFINED_ON, PASSES))
    return 1 + found


def word_effects(lab: Lab, word: str, seed: int) -> Tensor:
    """g (H,) towards the word's second meaning, as HRV Measure finds it in one pass."""
    return _measured(lab, word, 1, (seed, IMAGES, 1))


@cache
def _measured(lab: Lab, word: str, desired: int, how: tuple[int, int, int]) -> Tensor:
    """HRV Measure's vector (H,) of the word alone; how: its seed, images and passes."""
    from ....nodes.measure.readings import read_scene
    from ....nodes.measure.run import measure
    from ....nodes.measure.settings import MeasureSettings

    seed, images, passes = how
    readings = Readings(word, clear_words(word, desired), clear_words(word, 1 - desired))
    settings = MeasureSettings(images, STEPS, CFG, seed, 64, 64, passes=passes)
    with torch.inference_mode():
        scene = read_scene(lab.clip, lab.prompt(alone(word)), readings)
        return measure(lab.model, scene, settings).row.float().clone()


SOURCES: dict[str, Callable[[Lab, Wanted], Tensor]] = {
    "strengthen by votes": voted_strengthen,
    "adjust by votes": voted,
    "measured word": word,
    "measured word, heads shuffled": shuffled,
    "measured concepts": concepts,
    "refined word": refined,
    "strengthen by measured concepts": concept_strengthen,
}


def rescale_of(lab: Lab, method: str, wanted: Wanted) -> Tensor:
    """r (H,) of a method of `SOURCES`, or of one drawn to equal size."""
    source = method.removesuffix(EQUAL)
    r = SOURCES[source](lab, wanted)
    return r if source == method else resized(r, size_of(word(lab, wanted)))


def size_of(r: Tensor) -> float:
    """Sum over heads of |r - 1|: how hard a vector pushes."""
    return float((r - 1).abs().sum())


def resized(r: Tensor, size: float) -> Tensor:
    """1 + (r - 1) times what makes its size `size`."""
    return 1 + (r - 1) * (size / size_of(r))
