"""The model and the conditioning that HRV Steer gives, out of the other nodes' parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ...hrv.relevance import HeadRelevance
from ..library.fitting import fitting_model
from ..prompts.encoding import encoded
from ..prompts.tag import Conditioning, locate
from ..shared.notify import show_text
from ..steering.steering import Steering, steered
from .on_the_spot import PASSES, Spot, usual_settings
from .request import Request
from .vectors import IN_PASSES, Sources

LABEL = "HRV Steer"


@dataclass(frozen=True, eq=False)
class Means:
    """What to steer by: a choice of vectors, or an HRV instead. node: the id of the node."""

    choice: str
    hrv: HeadRelevance | None
    node: str | None


def steer(model: Any, clip: Any, request: Request, means: Means) -> tuple[Any, Conditioning]:
    """The prompt as HRV Prompt gives it, and a MODEL that reads its words as they are asked.

    Without a reading, or with strength 0, the model itself. ValueError where a word is not there.
    """
    conditioning = encoded(clip, request.text, means.node)
    for reading in request.readings:
        locate(conditioning, reading.word)
    asked = [reading for reading in request.readings if reading.strength]
    if not asked:
        return model, conditioning
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
    show_text("\n".join(told), means.node)
    return patched, conditioning
