"""A model for each of several strengths of the same steering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...hrv.relevance import HeadRelevance
from ...hrv.text.inline import WordReading
from ..library.compatibility import require_compatible
from ..prompts.tag import Conditioning, locate
from ..shared.inputs import require_words
from ..steering.steering import Steering, steered
from .vectors import Served

LABEL = "HRV Strength Sweep"


@dataclass(frozen=True)
class Sweep:
    """Words of the prompt, what they are to be read as, and as what not (empty: nothing)."""

    words: str
    read_as: str
    not_as: str

    def at(self, strength: float) -> WordReading:
        return WordReading(self.words, self.read_as, self.not_as, strength)


def steered_models(
    model: Any,
    relevance: HeadRelevance,
    conditioning: Conditioning,
    sweep: Sweep,
    strengths: Sequence[float],
) -> list[Any]:
    """What HRV Steer gives with these vectors, once for each strength; for 0 the model itself.

    ValueError where a word is not there, also if nothing is to be steered.
    """
    require_words(sweep.words, f"{LABEL}: type the word of the prompt to steer into “words”.")
    locate(conditioning, sweep.words)
    require_compatible(relevance, model)
    served = Served(relevance, "the connected HRV")

    def at(strength: float) -> Any:
        reading = sweep.at(strength)
        label = f"{LABEL} ({reading}: {strength:g})"
        steering = Steering(label, reading.word, served.rescale(reading))
        return steered(model, relevance, conditioning, steering) if strength else model

    return [at(strength) for strength in strengths]
