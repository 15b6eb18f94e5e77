"""What HRV Measure tells and shows: progress, the vectors with where they come from, images."""

from __future__ import annotations

from typing import Any

import comfy.model_management
import comfy.utils
import torch

from ...hrv.measure.record import measured_relevance
from ...hrv.relevance import HeadRelevance
from ...hrv.similarity import cosine
from ..host.model import steered_heads
from ..host.weights_digest import weights_digest
from ..shared.notify import show_text
from .readings import EMPTY, INSTEAD, PLAIN, WANTED, Scene
from .run import SAMPLER, SCHEDULER, Measurement, sample_images
from .settings import MeasureSettings


class Reporter:
    """Shows each measured step on the node; raises where the user cancelled."""

    def __init__(self, node: str | None) -> None:
        self.node, self.bar = node, comfy.utils.ProgressBar(1, node)

    def __call__(self, done: int, total: int) -> None:
        self.bar.update_absolute(done, total)
        show_text(f"{done} of {total} steps of images measured", self.node)
        comfy.model_management.throw_exception_if_processing_interrupted()


def recorded(
    model: Any, clip: Any, scene: Scene, settings: MeasureSettings, measurement: Measurement
) -> HeadRelevance:
    """The measured HRV, with all that it depends on."""
    heads = steered_heads(model)
    provenance = {
        "made_by": "HRV Measure",
        "model": heads.description,
        "prompts": " | ".join(prompt.text for prompt in scene.prompts),
        "readings": f"{scene.readings.word}: {' | '.join(scene.readings.rows)}",
        "images": str(settings.images),
        "seed": str(settings.seed),
        "sampling": f"{SAMPLER}, {SCHEDULER}, {settings}",
        "weights": weights_digest(model),
        "text encoder": weights_digest(clip.patcher),
        "agreement": agreement(measurement),
    }
    refined = measurement.refined
    if refined is not None:
        provenance["passes"] = str(settings.passes)
        provenance["strength"] = f"{refined.strength:.2f}"
        provenance["distance left"] = f"{refined.left:.3f}"
    return measured_relevance(measurement.row, scene.readings, heads, provenance)


def agreement(measurement: Measurement) -> str:
    """The cosine of what both halves of the images give; "unknown" of a single image."""
    halves = measurement.halves
    if not all(bool(half.counts.any()) for half in halves):
        return "unknown"
    return f"{float(cosine(halves[0].mean(), halves[1].mean())):.3f}"


def summary(measurement: Measurement) -> str:
    """What was measured, how far it is to be trusted, and the strength that r was refined for."""
    counted = int(measurement.effects.counts.max())
    found = agreement(measurement)
    more = "Raise images if it is below 0.9." if counted > 1 else "Measure more images to know."
    said = f"{counted} images; cosine of the vectors of their two halves: {found}. {more}"
    refined = measurement.refined
    if refined is None:
        return said
    return (
        f"{said} That is of the first pass; {len(refined.distances)} passes left "
        f"{refined.left:.0%} of the distance. Steer "
        f"with strength {refined.strength:.2f}."
    )


def clear_tiles(
    model: Any, vae: Any, scene: Scene, settings: MeasureSettings
) -> list[tuple[str, torch.Tensor]]:
    """(phrase, image (h, w, 3)) of each reading's own prompt from the first image's noise."""
    if vae is None:
        return []
    found = []
    for name, phrase in zip((WANTED, INSTEAD), scene.readings.rows, strict=False):
        lists = {PLAIN: scene.conditionings[name], EMPTY: scene.conditionings[EMPTY]}
        found.append((phrase, sample_images(model, lists, settings, [0])))
    return [(phrase, vae.decode(latent).flatten(0, -4)[0].cpu()) for phrase, latent in found]
