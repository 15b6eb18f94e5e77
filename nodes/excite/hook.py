"""A&E-HRV while a model samples: the latent is updated before each of the first steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import comfy.model_management
from torch.utils.hooks import RemovableHandle

from ...hrv.excite.algorithm import LossAndGradient, excite_step
from ...hrv.excite.settings import ExciteSettings
from ..host.hooks import Call, Hook, Phase, Run
from ..host.stepping import StepContext
from ..prompts.tag import Prompt
from ..shared.notify import warn
from .gradient_passes import GradientPasses, PassState


@dataclass
class ExciteState:
    """One sampling. reached: it had a step that may update the latent; active: there, a prompt."""

    passes: PassState
    reached: bool = False
    active: bool = False


class Excite(Hook[ExciteState]):
    """The hook of A&E-HRV. It changes no attention: it only reads it, in passes of its own.

    tell(text): shows the loss of each step.
    """

    label = "A&E-HRV"
    phase = Phase.WATCH
    acts_before_steps = True

    def __init__(
        self,
        passes: GradientPasses,
        settings: ExciteSettings,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.passes, self.settings, self.tell = passes, settings, tell

    def new_state(self) -> ExciteState:
        return ExciteState(self.passes.new_state())

    def prompts(self) -> Iterable[Prompt]:
        return self.passes.prompts

    def before_step(self, run: Run, step: StepContext) -> None:
        """Attend-and-Excite, Algorithm 1, in the first share of the steps; updates step.x."""
        plan = self.settings.at(step.number, step.steps)
        if plan is None:
            return
        state = run.state(self)
        state.reached = True

        def gradient_pass() -> LossAndGradient:
            comfy.model_management.throw_exception_if_processing_interrupted()
            found = self.passes.at(step, state.passes)
            state.active |= any(loss is not None for loss in found.losses)
            return found

        def report(found: LossAndGradient, refinements: int) -> None:
            self.tell(step_text(step, found, refinements))

        excite_step(step.x, step.scale, plan, gradient_pass, report)

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        reader = call.run.state(self).passes.reader  # none in the sampler's own evaluations
        return () if reader is None else reader.attach(call)

    def finish(self, run: Run) -> None:
        state = run.state(self)
        if state.reached and not state.active:
            warn(
                "A&E-HRV had no effect: its prompt was not active in the steps in which the "
                "latent may be updated. Check the prompt's own timestep range, or raise move_until."
            )
        if state.passes.not_finite:
            warn(
                "A&E-HRV left out steps whose gradient was not finite. Lower strength, or load "
                "the model in bfloat16 or float32."
            )


def step_text(step: StepContext, found: LossAndGradient, refinements: int) -> str:
    """Loss and weakest word of each image, for the node's text."""
    height, width = found.map_size
    head = f"step {step.number + 1} of {step.steps}, maps of {width} x {height}"
    refined = f", {refinements} refinements" if refinements else ""
    images = [
        f"loss {loss:.3f}, weakest word: {word}"
        for loss, word in zip(found.losses, found.weakest, strict=True)
        if loss is not None
    ]
    return "\n".join([head + refined, *images])
