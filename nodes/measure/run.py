"""A measurement: images of the plain prompt are sampled, and every step is measured on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from ...hrv.measure.effect import Effects
from ...hrv.measure.refine import Point, Refined, Refining, refined
from ..effects.sampling import Conditionings, Guidance, sample_lists, sampled_together
from ..host.model import steered_heads
from ..host.patching import add_hooks
from ..shared.noise import latent_shape, seeded_noise
from .aims import Aim, Goal, Way
from .hook import Halves, Measuring, Tally, Task
from .readings import Scene
from .settings import MeasureSettings

SAMPLER, SCHEDULER = "euler", "normal"


@dataclass(frozen=True, eq=False)
class Measurement:
    """Effects of the images with even and with odd numbers, at r = 1.

    refined: where further passes have led, if there were any.
    """

    halves: Halves
    refined: Refined | None = None

    @property
    def effects(self) -> Effects:
        """Of all images."""
        return self.halves[0].merged(self.halves[1])

    @property
    def row(self) -> torch.Tensor:
        """The direction g (H,) to steer in: the mean effects, or r - 1 where r was refined."""
        return self.effects.mean() if self.refined is None else self.refined.r.double() - 1


def measure(
    model: Any,
    scene: Scene,
    settings: MeasureSettings,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Measurement:
    """Sample the images and measure at every step; `tell(done, all)` counts steps of images.

    With one pass g = mean ds/dr at r = 1, the model as it is. With more, r is refined from there on
    (`hrv.measure.refine`).
    """
    progress = _Progress(tell, settings.images * settings.steps * settings.passes)
    if settings.passes == 1:
        neutral = Way(torch.ones(len(steered_heads(model))))
        return Measurement(one_pass(model, scene, neutral, settings, progress.more).halves)
    return _refine(model, scene, settings, progress)


def _refine(
    model: Any, scene: Scene, settings: MeasureSettings, progress: _Progress
) -> Measurement:
    """The passes of a refinement, all of the same images."""
    how, tallies = Refining(settings.passes), list[Tally]()

    def measured(r: torch.Tensor) -> Point:
        tally = one_pass(model, scene, Goal(r, how.beyond), settings, progress.more)
        tallies.append(tally)
        return tally.point()

    found = refined(measured, len(steered_heads(model)), how)
    if not found.strength:
        raise ValueError(
            f"No pass brought “{scene.readings.word}” nearer to “{scene.readings.wanted}”. Measure "
            "with more passes or images, or with passes 1."
        )
    return Measurement(tallies[0].halves, found)


def one_pass(
    model: Any,
    scene: Scene,
    aim: Aim,
    settings: MeasureSettings,
    more: Callable[[int], None] = lambda steps: None,
) -> Tally:
    """Every image sampled once, with this aim; more(steps of images): after each step.

    An image's effects do not depend on how many are sampled at a time, but for rounding.
    """
    task = Task(scene, aim, settings.checkpointing)
    found = [Tally.none(settings.steps, aim.r)]
    shape = latent_shape(model, settings.width, settings.height)
    for numbers in sampled_together(settings.images, shape):
        told = partial(more, len(numbers))
        watched = add_hooks(model, [Measuring(task, found[-1], numbers, found.append, told)])
        sample_images(watched, scene.conditionings, settings, numbers)
    return found[-1]


class _Progress:
    """Counts steps of images, of `total`, and tells."""

    def __init__(self, tell: Callable[[int, int], None], total: int) -> None:
        self.tell, self.total, self.done = tell, total, 0

    def more(self, steps: int) -> None:
        self.done += steps
        self.tell(self.done, self.total)


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
