"""The measurement at each step of a sampling: the hook behind HRV Measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import comfy.model_management
import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.measure.effect import Effects
from ...hrv.measure.refine import Point
from ..effects.gradient import RescaleGradient
from ..effects.rescaling import rescale_maps
from ..host.gradients import Checkpointing
from ..host.hooks import Call, Hook, Run
from ..host.stepping import StepContext
from ..prompts.tag import Prompt
from .aims import Aim, Seen
from .readings import Scene

Halves = tuple[Effects, Effects]
"""Effects of the images with even numbers and of those with odd ones."""


@dataclass(frozen=True, eq=False)
class Tally:
    """The sums over images: what the heads do, and the distances of all steps (see `Seen`)."""

    halves: Halves
    distance: float = 0.0

    @classmethod
    def none(cls, steps: int, r: torch.Tensor) -> Tally:
        """No image measured yet, around r (H,)."""
        nothing = Effects.none(steps, r)
        return cls((nothing, nothing))

    def with_images(
        self, step: int, numbers: Sequence[int], effects: torch.Tensor, distances: torch.Tensor
    ) -> Tally:
        """These and the effects (I, H) and distances (I,) of the images of these numbers."""
        odd = torch.tensor([number % 2 == 1 for number in numbers])
        even_half, odd_half = self.halves
        halves = (
            even_half.with_images(step, effects[~odd]),
            odd_half.with_images(step, effects[odd]),
        )
        return Tally(halves, self.distance + float(distances.sum()))

    @property
    def effects(self) -> Effects:
        """Of all images."""
        return self.halves[0].merged(self.halves[1])

    def point(self) -> Point:
        """The means over steps and images, as a refinement needs them."""
        effects = self.effects
        descent = effects.mean()
        return Point(effects.rescaled, self.distance / int(effects.counts.sum()), descent)


@dataclass(frozen=True, eq=False)
class Task:
    """What is measured, with which aim and how much memory."""

    scene: Scene
    aim: Aim
    checkpointing: Checkpointing


@dataclass
class MeasuringState:
    """tally: effects so far; gradient: the pass with r as a variable, which knows r meanwhile."""

    tally: Tally
    gradient: RescaleGradient


class Measuring(Hook[MeasuringState]):
    """Measures what the heads do at each step; rescales the word in the images only if it steers.

    before: the tally without this sampling's images; numbers: of the sampling's images;
    take(tally): called with the one that includes them, once it succeeded; tell(): after each step.
    """

    label = "HRV Measure"
    on_transformers = True
    acts_before_steps = True

    def __init__(
        self,
        task: Task,
        before: Tally,
        numbers: Sequence[int],
        take: Callable[[Tally], None],
        tell: Callable[[], None],
    ) -> None:
        self.task, self.before, self.numbers = task, before, numbers
        self.take, self.tell = take, tell

    def new_state(self) -> MeasuringState:
        gradient = RescaleGradient(self.task.scene.prompts, self.task.checkpointing, self.label)
        return MeasuringState(self.before, gradient)

    def prompts(self) -> Iterable[Prompt]:
        return self.task.scene.prompts

    def before_step(self, run: Run, step: StepContext) -> None:
        """Measure this step where the prompt is active."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        seen = self.task.aim.seen(self.task.scene, step)
        if seen is not None:
            self._measure(run.state(self), step, seen)
        self.tell()

    def _measure(self, state: MeasuringState, step: StepContext, seen: Seen) -> None:
        """Add d<D(r), direction>/dr of each image."""
        r = self._r(seen.direction.device).expand(len(seen.direction), -1)
        (effects,) = state.gradient.at(r, step, [seen.direction])
        state.tally = state.tally.with_images(step.number, self.numbers, effects, seen.distances)

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        """Put r into the word's maps, M diag(r) V = M (r V): a pass's variable, or what steers."""
        r = call.run.state(self).gradient.r
        if r is None and self.task.aim.steers:
            r = self._r(call.x.device)
        if r is not None:
            yield from rescale_maps(call, r, self.task.scene.positions, self.label)

    def finish(self, run: Run) -> None:
        self.take(run.state(self).tally)

    def _r(self, device: torch.device) -> torch.Tensor:
        """The aim's r (1, H)."""
        return self.task.aim.r.to(device, torch.float32)[None]
