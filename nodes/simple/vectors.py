"""Which vectors serve a word's reading: a connected HRV's, a file's, or measured ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ...hrv.relevance import HeadRelevance
from ...hrv.rescale import adjusting, blend, strengthening, upper_bound
from ...hrv.text.inline import WordReading
from ...hrv.text.spelling import nearest
from ..library.choices import AUTO
from ..library.compatibility import loaded
from ..library.fitting import Fitting

HERE, IN_PASSES = "measured here", "measured here, in six passes"
"""The choices of vectors that are measured although a file may have them."""
MEASURED_REACH = 1.5
"""How far strength 1 rescales the most decisive head of vectors measured in one pass,
r = 1 + 1.5 g / max|g|; a refinement names the reach that it found."""


@dataclass(frozen=True, eq=False)
class Served:
    """The vectors for a reading, where they are from, and what to say of it besides."""

    relevance: HeadRelevance
    source: str
    hint: str = ""

    def rescale(self, reading: WordReading) -> Tensor:
        """The rescale vector r (H,) of a reading at its strength.

        As Concept Adjust has it with its own weights and clamp, or Concept Strengthen where
        nothing is to be left out; measured vectors with their reach times the strength.
        """
        upper = upper_bound("auto", self.relevance.heads)
        if reading.not_as:
            r = adjusting(self.relevance, reading.read_as, reading.not_as, upper=upper)
        else:
            r = strengthening(self.relevance, reading.read_as, upper)
        return blend(r, reading.strength * reach(self.relevance))


def reach(relevance: HeadRelevance) -> float:
    """The strength of Concept Adjust that is strength 1 here."""
    if relevance.kind == "voted":
        return 1.0
    return float(relevance.provenance.get("strength", MEASURED_REACH))


@dataclass(frozen=True, eq=False)
class Sources:
    """Where vectors may come from.

    choice: auto, a way to measure, or a choice of HRV Load; connected: an HRV that takes the
    place of all; files: what fits the model, best first; measure: measures a reading on the spot;
    model: the MODEL that is steered.
    """

    choice: str
    connected: HeadRelevance | None
    files: Sequence[Fitting]
    measure: Callable[[WordReading], HeadRelevance]
    model: Any

    def serve(self, reading: WordReading) -> Served:
        """The vectors for a reading; ValueError where what was chosen does not have them."""
        if self.connected is not None:
            return Served(self.connected, "the connected HRV")
        if self.choice in (HERE, IN_PASSES):
            return Served(self.measure(reading), self.choice)
        if self.choice != AUTO:
            return Served(loaded(self.choice, self.model), self.choice)
        for file in self.files:
            if has(file, reading):
                return Served(loaded(file.choice, self.model), file.choice)
        return Served(self.measure(reading), HERE, self._hint(reading))

    def _hint(self, reading: WordReading) -> str:
        """Whether a concept's name may have been meant by a phrase that was measured."""
        known = dict.fromkeys(name for file in self.files for name in file.concepts)
        return nearest(reading.read_as, known, 0.8)


def has(file: Fitting, reading: WordReading) -> bool:
    """Whether a file has the concepts of a reading; one of a single word, only for that word."""
    concepts = {name.casefold() for name in file.concepts}
    wanted = {name.casefold() for name in (reading.read_as, reading.not_as) if name}
    if file.of_one_word and file.header is not None:
        words = {word.casefold() for listed in file.header.words for word in listed}
        if reading.word.partition("#")[0].strip().casefold() not in words:
            return False
    return wanted <= concepts
