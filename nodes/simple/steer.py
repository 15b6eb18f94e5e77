"""The model and the conditioning that HRV Steer gives, out of the other nodes' parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...hrv.relevance import HeadRelevance
from ..library.fitting import fitting_model
from ..prompts.encoding import encoded
from ..prompts.tag import Conditioning, locate
from ..steering.steering import Steering, steered
from .on_the_spot import PASSES, Spot, usual_settings
from .request import Request
from .vectors import IN_PASSES, Sources

LABEL = "HRV Steer"
PLAIN = "nothing is steered: the plain image"


@dataclass(frozen=True, eq=False)
class Means:
    """What to steer by: a choice of vectors, or an HRV instead. node: the id of the node."""

    choice: str
    hrv: HeadRelevance | None
    node: str | None


class Steered(NamedTuple):
    """What the node gives; said: by what each word is steered, to stand on the node."""

    model: Any
    conditioning: Conditioning
    said: str


def steer(model: Any, clip: Any, request: Request, means: Means) -> Steered:
    """The prompt as HRV Prompt gives it, and a MODEL that reads its words as they are asked.

    Without a reading, or with strength 0, the model itself. ValueError where a word is not there.
    """
    conditioning = encoded(clip, request.text, means.node)
    for reading in request.readings:
        locate(conditioning, reading.word)
    asked = [reading for reading in request.readings if reading.strength]
    if not asked:
        return Steered(model, conditioning, PLAIN)
    files = fitting_model(model)
    settings = usual_settings(model, files)
    if means.choice == IN_PASSES:
        settings = replace(settings, passes=PASSES)
    spot = Spot(model, clip, conditioning, settings, means.node)
    sources = Sources(means.choice, means.hrv, files, spot.measured, model)
    patched, told = model, []
    for reading in asked:
        served = sources.serve(reading)
        steering = Steering(f"{LABEL} ({reading})", reading.word, served.rescale(reading))
        patched = steered(patched, served.relevance, conditioning, steering)
        told.append(f"{reading} ({served.source}){served.hint}")
    return Steered(patched, conditioning, "\n".join(told))
