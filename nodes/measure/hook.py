"""The measurement at each step of a sampling: the hook behind HRV Measure. Changes no image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import comfy.model_management
import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.measure.effect import Effects, way_direction
from ..effects.gradient import RescaleGradient
from ..effects.rescaling import rescale_maps
from ..host.hooks import Call, Hook, Run
from ..host.prediction import predictions
from ..host.stepping import StepContext
from ..prompts.tag import Prompt
from .readings import WANTED, Scene

Halves = tuple[Effects, Effects]
"""Effects of the images with even numbers and of those with odd ones."""


@dataclass
class MeasuringState:
    """halves: effects so far; gradient: the pass with r as a variable, which knows r meanwhile."""

    halves: Halves
    gradient: RescaleGradient


class Measuring(Hook[MeasuringState]):
    """Measures ds/dr on the trajectory of the plain prompt, step by step.

    before: the halves without this sampling's images, and the r around which to measure; numbers:
    of the sampling's images; take(halves): called with those that include them, once it succeeded;
    tell(): after each step.
    """

    label = "HRV Measure"
    acts_before_steps = True

    def __init__(
        self,
        scene: Scene,
        gradient: Callable[[], RescaleGradient],
        before: Halves,
        numbers: Sequence[int],
        take: Callable[[Halves], None],
        tell: Callable[[], None],
    ) -> None:
        self.scene, self.gradient, self.before = scene, gradient, before
        self.numbers, self.take, self.tell = numbers, take, tell

    def new_state(self) -> MeasuringState:
        return MeasuringState(self.before, self.gradient())

    def prompts(self) -> Iterable[Prompt]:
        return self.scene.prompts

    def before_step(self, run: Run, step: StepContext) -> None:
        """Measure this step where the prompt is active, with way = D_B - D_A."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        state = run.state(self)
        wanted, start = predictions(step, [WANTED, self.scene.start])
        if bool((wanted != 0).any()):
            self._measure(state, step, way_direction(wanted - start))
        self.tell()

    def _measure(self, state: MeasuringState, step: StepContext, direction: torch.Tensor) -> None:
        """Add ds/dr of each image, with s = <D(r), direction> and direction = way / |way|^2."""
        r = self.before[0].rescaled.to(direction.device, torch.float32)
        r = r.expand(len(direction), -1)
        (effects,) = state.gradient.at(r, step, [direction])
        odd = torch.tensor([number % 2 == 1 for number in self.numbers])
        even_half, odd_half = state.halves
        state.halves = (
            even_half.with_images(step.number, effects[~odd]),
            odd_half.with_images(step.number, effects[odd]),
        )

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        """In a pass of its own: put r into the word's maps, M diag(r) V = M (r V)."""
        r = call.run.state(self).gradient.r
        if r is not None:
            yield from rescale_maps(call, r, self.scene.positions, self.label)

    def finish(self, run: Run) -> None:
        self.take(run.state(self).halves)
