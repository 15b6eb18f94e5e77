"""A&E-HRV while a model samples: the latent moves before each of the first steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import comfy.model_management
import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.excite.loss import step_size
from ...hrv.excite.plan import MapPlan, thresholds_by_step
from ...hrv.schedule import steps_within
from ..host.gradient_pass import conditional_pass
from ..host.gradients import checkpointed, differentiable, gradients
from ..host.hooks import Call, Hook, Phase, Run
from ..host.stepping import StepContext
from ..prompts.tag import Prompt
from ..shared.notify import warn
from .look import Look, Reading

Checkpointing = Literal["auto", "on", "off"]
_AMPLIFY = (4096.0, 64.0, 1.0)
_WORTH_RECOMPUTING = 8192  # latent pixels of a batch: above, the graph takes more than a GiB


@dataclass(frozen=True)
class Movement:
    """How far the latent moves. share: of the steps; scale, start, end: 20, 1 and 0.5 of eta_i.

    thresholds: (share of the steps, attention to reach by at most `refinements` updates).
    """

    share: float
    scale: float
    start: float
    end: float
    thresholds: tuple[tuple[float, float], ...]
    refinements: int


@dataclass
class ExciteState:
    """plans: by size of the latent; look: of the pass under way; the rest: what happened so far."""

    plans: dict[tuple[int, int], MapPlan] = field(default_factory=dict)
    look: Look | None = None
    looked: bool = False
    acted: bool = False
    broken: bool = False
    tight: bool = False


class Excite(Hook[ExciteState]):
    """The hook of A&E-HRV. It changes no attention: it only reads it, in passes of its own.

    tell(text): shows the loss of each step.
    """

    label = "A&E-HRV"
    phase = Phase.WATCH
    updates_latent = True

    def __init__(
        self,
        reading: Reading,
        movement: Movement,
        checkpointing: Checkpointing = "auto",
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.reading, self.movement = reading, movement
        self.checkpointing, self.tell = checkpointing, tell

    def new_state(self) -> ExciteState:
        return ExciteState()

    def prompts(self) -> Iterable[Prompt]:
        return [wanted.prompt for wanted in self.reading.wanted]

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        current = call.run.state(self).look
        return [] if current is None else current.attach(call)

    def finish(self, run: Run) -> None:
        state = run.state(self)
        if state.looked and not state.acted:
            warn(
                "A&E-HRV had no effect: its prompt was not active in the steps in which the "
                "latent may move. Check the prompt's own timestep range, or raise move_until."
            )
        if state.broken:
            warn(
                "A&E-HRV left out steps whose gradient was not finite. Lower strength, or load "
                "the model in bfloat16 or float32."
            )

    def before_step(self, run: Run, step: StepContext) -> None:
        """z <- z - eta_i grad L, after refinement (Attend-and-Excite, Algorithm 1)."""
        moment, plan = step, self.movement
        if plan.scale == 0 or moment.number >= steps_within(plan.share, moment.steps):
            return
        run.state(self).looked = True
        found = self._look(run, moment)
        first, updates = found, 0
        threshold = thresholds_by_step(plan.thresholds, moment.steps).get(moment.number, 0.0)
        # as published: the update of the pass that reaches the target is made as well
        target = 1.0 - threshold
        unmet = found.loss > target
        while updates < plan.refinements and bool(unmet.any()):
            comfy.model_management.throw_exception_if_processing_interrupted()
            self._shift(moment, found, unmet)
            unmet = unmet & (found.loss > target)
            updates += 1
            found = self._look(run, moment)
            self.tell(_line(moment, found, updates))
        self._shift(moment, found, found.loss > 0)
        if bool((first.loss >= 0).any()):
            run.state(self).acted = True
        self.tell(_line(moment, found, updates))

    def _shift(self, moment: StepContext, found: Look, images: torch.Tensor) -> None:
        """Move the latent of some images: in x = scale z, that is by eta scale^2 grad_x."""
        plan = self.movement
        eta = step_size(moment.number, moment.steps, plan.scale, plan.start, plan.end)
        chosen = images.nonzero().flatten().tolist()
        for image in chosen:
            moment.x[image].sub_(eta * moment.scale**2 * found.gradient[image].to(moment.x))

    def _look(self, run: Run, moment: StepContext) -> Look:
        for amplify in _AMPLIFY:
            found = self._pass(run, moment, amplify)
            if bool(found.gradient.isfinite().all()):
                return found
            if not found.half:
                break
        run.state(self).broken = True
        found.gradient = torch.zeros_like(found.gradient)
        return found

    def _pass(self, run: Run, moment: StepContext, amplify: float) -> Look:
        state = run.state(self)
        unet, device = moment.unet, moment.x.device

        def start(inner: torch.Tensor) -> Look:
            state.look = Look(self.reading, state.plans, inner, amplify)
            return state.look

        try:
            with (
                gradients(),
                differentiable(unet, device),
                checkpointed(unet, self._recomputes(moment.x, state)),
            ):
                x = moment.x.detach().clone().requires_grad_()
                inner = conditional_pass(moment, x, list(self.prompts()), start)
                assert state.look is not None
                found = state.look
                found.gradient = torch.autograd.grad(inner, x, found.gradient)[0]
                return found
        except comfy.model_management.OOM_EXCEPTION:
            full = self.checkpointing != "auto" or self._recomputes(moment.x, state)
            if full:
                raise ValueError(_OUT_OF_MEMORY) from None
        finally:
            state.look = None
        state.tight = True
        comfy.model_management.soft_empty_cache()
        return self._pass(run, moment, amplify)

    def _recomputes(self, x: torch.Tensor, state: ExciteState) -> bool:
        """Whether values inside the U-Net are computed twice; `auto` does once memory ran out."""
        worth = len(x) * x.shape[-2] * x.shape[-1] >= _WORTH_RECOMPUTING or state.tight
        return self.checkpointing == "on" or (self.checkpointing == "auto" and worth)


_OUT_OF_MEMORY = (
    "A&E-HRV ran out of memory: a step in which the latent moves needs more of it than an ordinary "
    "one. Make fewer pictures at a time or smaller ones, set checkpointing to on, or disconnect "
    "the HRV (plain Attend-and-Excite reads fewer layers)."
)


def _line(moment: StepContext, found: Look, updates: int) -> str:
    """Loss and weakest word of each image, for the node's text."""
    images = [
        f"loss {float(loss):.3f}, weakest word: {word}"
        for loss, word in zip(found.loss, found.weakest, strict=True)
        if loss >= 0
    ]
    height, width = found.size
    head = f"step {moment.number + 1} of {moment.steps}, maps of {width} x {height}"
    refined = f", {updates} refinements" if updates else ""
    return "\n".join([head + refined, *images])
