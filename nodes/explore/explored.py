"""What a finished run leaves to look at, and the answers to the page's questions about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...hrv.maps import HeadMaps
from ...hrv.relevance import HeadRelevance
from ...hrv.text.typed import picks
from ...hrv.word_maps import atlas, normalise, times_average
from ..library.compatibility import require_same_heads
from ..maps.captured import CapturedMaps
from ..maps.settings import Amount, relevant_heads

MOST_WORDS = 100
LONGEST = 200  # characters of a concept's name
SIDE = 64  # the longer side of a map, as fine as any layer of a model at its usual size


class UnknownConcept(ValueError):
    """No vectors are connected, or they do not have the concept that was asked for."""


class Word(NamedTuple):
    """A word as a field names it ("mouse#2" of several), and the numbers of its tokens."""

    pick: str
    columns: tuple[int, ...]


@dataclass(frozen=True)
class View:
    """What the page wants to see: an image of the batch, through which heads.

    concept: "" for all heads; else the `heads` that are most relevant to it, all where the model
    has fewer.
    """

    image: int
    concept: str
    heads: int

    @classmethod
    def read(cls, question: Any) -> View:
        """The view that a question of the page describes; ValueError where it is none."""
        found = [question.get(name) for name in ("image", "concept", "heads")]
        if [type(value) for value in found] != [int, str, int] or len(found[1]) > LONGEST:
            raise ValueError(
                "Expected image and heads as whole numbers and concept as a short text; found "
                f"{', '.join(map(repr, found))[:LONGEST]}."
            )
        return cls(*found)


@dataclass(frozen=True, eq=False)
class Explored:
    """The words of a prompt with every head's maps of `images` sampled images.

    Raises ValueError if the HRV was made for another model.
    """

    words: tuple[Word, ...]
    captured: HeadMaps
    images: int
    hrv: HeadRelevance | None = None

    def __post_init__(self) -> None:
        if self.hrv is not None:
            require_same_heads(self.hrv, self.captured.heads, "the maps are of")

    def chosen(self, view: View) -> Tensor:
        """The heads to look through, (H,) bool.

        ValueError where there are none such: UnknownConcept where it is the concept.
        """
        every = len(self.captured.heads)
        if not view.concept:
            return torch.ones(every, dtype=torch.bool)
        hrv = self._vectors_with(view.concept)
        if view.heads < 1:
            raise ValueError(f"The model has {every} heads; choose 1 to {every} of them.")
        amount = Amount(amount=min(view.heads, every), unit="heads")
        return relevant_heads(hrv, view.concept, self.captured, amount)

    def _vectors_with(self, concept: str) -> HeadRelevance:
        if self.hrv is None:
            raise UnknownConcept("To choose heads by a concept, connect an HRV (HRV Load) and Run.")
        try:
            self.hrv.index(concept)
        except ValueError as error:
            raise UnknownConcept(str(error)) from None
        return self.hrv

    def maps(self, view: View) -> Tensor:
        """Every word's map in the image, (W, height, width), SIDE at its longer side."""
        if not 0 <= view.image < self.images:
            raise ValueError(
                f"{self.images} images were sampled; found no image number {view.image + 1}."
            )
        rows, columns = self.captured.latent
        scale = SIDE / max(rows, columns)
        size = max(1, round(rows * scale)), max(1, round(columns * scale))
        words = [word.columns for word in self.words]
        return atlas(self.captured, words, self.chosen(view), view.image, size)

    def answer(self, view: View) -> dict[str, Any]:
        """What the page shows of a view: words, their maps as bytes in hex, concepts, heads.

        heat: 0 at a word's coldest place, 255 at its hottest; times: how many times its average it
        is attended to at a place, 255 for `most`, the largest of all.
        """
        maps = self.maps(view)
        heat = normalise(maps.clamp(min=torch.finfo(maps.dtype).tiny), "min-max")
        times = times_average(maps)
        most = max(1.0, float(times.max()))
        drawn = zip(self.words, heat, times / most, strict=True)
        return {
            "size": list(maps.shape[1:]),
            "most": most,
            "words": [
                {"pick": word.pick, "heat": _hex(hot), "times": _hex(ranked)}
                for word, hot, ranked in drawn
            ],
            "heads": len(self.captured.heads),
            "concepts": list(self.hrv.concepts) if self.hrv else [],
        }


def explored_words(maps: CapturedMaps, captured: HeadMaps) -> tuple[Word, ...]:
    """The words of the captured prompts that took part in a sampling, the first MOST_WORDS.

    ValueError if there are none.
    """
    tables = [table for prompt in maps.prompts for table in prompt.tables]
    names = dict.fromkeys(pick for table in tables for _, pick in picks(table))
    words = [Word(name, tuple(maps.columns(name))) for name in names]
    seen = [word for word in words if all(map(captured.evaluations, word.columns))]
    if not seen:
        raise ValueError(
            "No word of the prompt took part in a step of the sampling, so there is nothing to "
            "explore. Check the prompt's own timestep range, and that the sampler used this prompt."
        )
    return tuple(seen[:MOST_WORDS])


def _hex(values: Tensor) -> str:
    """Values from 0 to 1 as bytes from 0 to 255, in hex."""
    return bytes((values * 255).round().byte().flatten().tolist()).hex()
