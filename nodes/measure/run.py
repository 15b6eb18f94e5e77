"""A measurement: images of the plain prompt are sampled, and every step is measured on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from ...hrv.measure.effect import Effects
from ..effects.gradient import RescaleGradient
from ..effects.sampling import Conditionings, Guidance, sample_lists
from ..host.model import model_heads
from ..host.patching import add_hooks
from ..shared.noise import latent_shape, seeded_noise
from .hook import Halves, Measuring
from .readings import Scene
from .settings import MeasureSettings

SAMPLER, SCHEDULER = "euler", "normal"
_TOGETHER = 8192  # latent pixels sampled at a time: two images of 512 x 512, or one of 1024 x 1024


@dataclass(frozen=True, eq=False)
class Measurement:
    """Effects of the images with even and with odd numbers."""

    halves: Halves

    @property
    def effects(self) -> Effects:
        """Of all images."""
        return self.halves[0].merged(self.halves[1])


def measure(
    model: Any,
    scene: Scene,
    settings: MeasureSettings,
    tell: Callable[[int, int], None] = lambda done, total: None,
    around: torch.Tensor | None = None,
) -> Measurement:
    """Sample the images and measure at every step; `tell(done, all)` counts steps of images.

    around: the r (H,) at which the gradient is taken; ones, the model as it is, by default. An
    image's effects do not depend on how many are sampled at a time, but for rounding.
    """
    r = torch.ones(len(model_heads(model))) if around is None else around
    nothing = Effects.none(settings.steps, r)
    found: list[Halves] = [(nothing, nothing)]
    gradient = partial(RescaleGradient, scene.prompts, settings.checkpointing, Measuring.label)
    done = 0
    for numbers in _groups(model, settings):

        def stepped(count: int = len(numbers)) -> None:
            nonlocal done
            done += count
            tell(done, settings.images * settings.steps)

        hook = Measuring(scene, gradient, found[-1], numbers, found.append, stepped)
        watched = add_hooks(model, [hook])
        sample_images(watched, scene.conditionings, settings, numbers)
    return Measurement(found[-1])


def sample_images(
    model: Any, conditionings: Conditionings, settings: MeasureSettings, numbers: list[int]
) -> torch.Tensor:
    """Latents (I, C, h, w) of the images of these numbers, by the host's sampler.

    conditionings: `positive` and `negative` guide; hooks may ask for predictions by the others.
    """
    shape = latent_shape(model, settings.width, settings.height)
    seed = settings.seed
    noise = torch.stack([seeded_noise(seed, f"noise of image: {n}", shape) for n in numbers])
    how = Guidance(SAMPLER, SCHEDULER, settings.steps, settings.cfg)
    return sample_lists(model, conditionings, how, noise, seed)


def _groups(model: Any, settings: MeasureSettings) -> list[list[int]]:
    """Numbers of the images that are sampled together."""
    _, height, width = latent_shape(model, settings.width, settings.height)
    together = max(1, _TOGETHER // (height * width))
    return [group.tolist() for group in torch.arange(settings.images).split(together)]
