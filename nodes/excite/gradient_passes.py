"""Gradient passes: losses and gradient at the latent of a step, in float16 and with little memory.

Each is a pass of the wanted prompts alone over the sampler's latent, through the host's own
masking. It computes values inside the U-Net twice instead of keeping them where that is worth it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import comfy.model_management
import torch

from ...hrv.excite.algorithm import LossAndGradient
from ...hrv.excite.plan import MapPlan
from ...hrv.resolution import Size
from ..host.gradient_pass import conditional_pass
from ..host.gradients import checkpointed, differentiable, gradients
from ..host.stepping import StepContext
from ..prompts.tag import Prompt
from .loss_reader import LossReader
from .targets import Targets

Checkpointing = Literal["auto", "on", "off"]
_AMPLIFY = (4096.0, 64.0, 1.0)  # tried in turn, until the gradient is finite
_WORTH_RECOMPUTING = 8192  # latent pixels of a batch: above, the graph takes more than a GiB
_OUT_OF_MEMORY = (
    "A&E-HRV ran out of memory: a step in which the latent is updated needs more of it than an "
    "ordinary one. Make fewer images at a time or smaller ones, set checkpointing to on, or "
    "disconnect the HRV (plain Attend-and-Excite reads fewer layers)."
)


@dataclass
class PassState:
    """What the gradient passes of one sampling leave to the next.

    plans: which layers are read, by size of the latent; reader: of the pass under way; not_finite:
    a gradient was left out; short_of_memory: a pass did not fit without computing values twice.
    """

    plans: dict[Size, MapPlan] = field(default_factory=dict)
    reader: LossReader | None = None
    not_finite: bool = False
    short_of_memory: bool = False


@dataclass(frozen=True, eq=False)
class GradientPasses:
    """How losses and gradients of these targets are taken."""

    targets: Targets
    checkpointing: Checkpointing = "auto"

    @property
    def prompts(self) -> Sequence[Prompt]:
        """The prompts whose words are wanted."""
        return [targets.prompt for targets in self.targets.prompts]

    def at(self, step: StepContext, state: PassState) -> LossAndGradient:
        """What is found at step.x; the gradient is 0 where there is no finite one."""
        for amplify in _AMPLIFY:
            found = self._within_memory(step, state, amplify)
            if bool(found.gradient.isfinite().all()):
                return found
            if found.amplified == 1.0:  # not float16: the other factors change nothing
                break
        state.not_finite = True
        return replace(found, gradient=torch.zeros_like(found.gradient))

    def _within_memory(
        self, step: StepContext, state: PassState, amplify: float
    ) -> LossAndGradient:
        """A pass, and with `auto` another one that keeps less if memory runs out."""
        recompute = self._recomputes(step.x, state)
        try:
            return self._pass(step, state, amplify, recompute)
        except comfy.model_management.OOM_EXCEPTION:
            if recompute or self.checkpointing != "auto":
                raise ValueError(_OUT_OF_MEMORY) from None
        state.short_of_memory = True
        comfy.model_management.soft_empty_cache()
        return self._within_memory(step, state, amplify)

    def _recomputes(self, x: torch.Tensor, state: PassState) -> bool:
        """Whether values inside the U-Net are computed twice; `auto` does once memory ran out."""
        worth = len(x) * x.shape[-2] * x.shape[-1] >= _WORTH_RECOMPUTING or state.short_of_memory
        return self.checkpointing == "on" or (self.checkpointing == "auto" and worth)

    def _pass(
        self, step: StepContext, state: PassState, amplify: float, recompute: bool
    ) -> LossAndGradient:
        def begin(inner: torch.Tensor) -> LossReader:
            state.reader = LossReader(self.targets, state.plans, inner, amplify)
            return state.reader

        unet, device = step.unet, step.x.device
        try:
            with gradients(), differentiable(unet, device), checkpointed(unet, recompute):
                x = step.x.detach().clone().requires_grad_()
                inner = conditional_pass(step, x, self.prompts, begin)
                assert state.reader is not None  # conditional_pass raises where it began nothing
                return state.reader.result(x, inner)
        finally:
            state.reader = None
