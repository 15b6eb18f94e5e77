"""Every step of a full prompt is measured while it is sampled: the hook behind recipe measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import comfy.model_management
import torch
from torch.utils.hooks import RemovableHandle

from ....hrv.measure.concept import ConceptEffects, swap_direction
from ...effects.gradient import RescaleGradient
from ...effects.rescaling import rescale_maps
from ...effects.sampling import Conditionings
from ...host.hooks import Call, Hook, Run
from ...host.prediction import predictions
from ...host.stepping import StepContext
from ...prompts.tag import Prompt

PLAIN, EMPTY = "positive", "negative"
"""The lists of conditionings that guide."""


@dataclass(frozen=True)
class SwapScene:
    """A tagged full prompt and its swaps.

    names: for each place of a concept its number, and the names of the lists of `conditionings`
    that have the prompt with another word there.
    """

    prompt: Prompt
    names: tuple[tuple[int, tuple[str, ...]], ...]
    conditionings: Conditionings


@dataclass
class MeasuringState:
    """effects so far; gradient: the pass with r as a variable, which knows r meanwhile."""

    effects: ConceptEffects
    gradient: RescaleGradient


class ConceptMeasuring(Hook[MeasuringState]):
    """Measures ds/dr of each swap on the trajectory of the prompt, step by step; changes no image.

    before: the effects without this sampling's images; take(effects): called with those that
    include them, once it succeeded.
    """

    label = "HRV Construct"
    on_transformers = True
    acts_before_steps = True

    def __init__(
        self,
        scene: SwapScene,
        before: ConceptEffects,
        take: Callable[[ConceptEffects], None],
    ) -> None:
        self.scene, self.before, self.take = scene, before, take
        self.positions = {scene.prompt.id: scene.prompt.semantic}

    def new_state(self) -> MeasuringState:
        gradient = RescaleGradient([self.scene.prompt], "auto", self.label)
        return MeasuringState(self.before, gradient)

    def prompts(self) -> Iterable[Prompt]:
        return [self.scene.prompt]

    def before_step(self, run: Run, step: StepContext) -> None:
        """Measure this step for every swap, with one pass forward."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        state = run.state(self)
        directions = self._directions(step)
        r = torch.ones(len(step.x), state.effects.sums.shape[1], device=step.x.device)
        found = state.gradient.at(r, step, directions)
        for (concept, _), effects in zip(self.scene.names, found, strict=True):
            state.effects = state.effects.with_images(concept, effects)

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        """In a pass of its own: put r into the maps of the prompt's semantic tokens."""
        r = call.run.state(self).gradient.r
        if r is not None:
            yield from rescale_maps(call, r, self.positions, self.label)

    def finish(self, run: Run) -> None:
        self.take(run.state(self).effects)

    def _directions(self, step: StepContext) -> list[torch.Tensor]:
        """Of each place of a concept, like the latents."""
        every = [name for _, names in self.scene.names for name in names]
        plain, *swapped = predictions(step, [PLAIN, *every])
        by_name = dict(zip(every, swapped, strict=True))
        try:
            return [
                swap_direction(plain, [by_name[name] for name in names])
                for _, names in self.scene.names
            ]
        except ValueError as error:
            raise ValueError(f"In “{self.scene.prompt.text}”: {error}") from error
