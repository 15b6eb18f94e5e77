"""Gradient passes: losses and gradient at the latent of a step, in float16 and with little memory.

Each is a pass of the wanted prompts alone over the sampler's latent, through the host's own
masking. It computes values inside the U-Net twice instead of keeping them where that is worth it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import torch

from ...hrv.excite.algorithm import LossAndGradient
from ...hrv.excite.plan import MapPlan
from ...hrv.resolution import Size
from ..host.gradient_pass import conditional_pass
from ..host.gradients import (
    Checkpointing,
    PassMemory,
    checkpointed,
    differentiable,
    gradients,
    until_finite,
)
from ..host.stepping import StepContext
from ..prompts.tag import Prompt
from .loss_reader import LossReader
from .targets import Targets

_OUT_OF_MEMORY = (
    "A&E-HRV ran out of memory: a step in which the latent is updated needs more of it than an "
    "ordinary one. Make fewer images at a time or smaller ones, set save memory to on, or "
    "disconnect the HRV (plain Attend-and-Excite reads fewer layers)."
)


@dataclass
class PassState:
    """What the gradient passes of one sampling leave to the next.

    memory: whether they compute values twice; plans: which layers are read, by size of the latent;
    reader: of the pass under way; not_finite: a gradient was left out.
    """

    memory: PassMemory
    plans: dict[Size, MapPlan] = field(default_factory=dict)
    reader: LossReader | None = None
    not_finite: bool = False


@dataclass(frozen=True, eq=False)
class GradientPasses:
    """How losses and gradients of these targets are taken."""

    targets: Targets
    checkpointing: Checkpointing = "auto"

    def new_state(self) -> PassState:
        """Before the first pass of a sampling."""
        return PassState(PassMemory(self.checkpointing, _OUT_OF_MEMORY))

    @property
    def prompts(self) -> Sequence[Prompt]:
        """The prompts whose words are wanted."""
        return [targets.prompt for targets in self.targets.prompts]

    def at(self, step: StepContext, state: PassState) -> LossAndGradient:
        """What is found at step.x; the gradient is 0 where there is no finite one."""

        def one_pass(amplify: float) -> LossAndGradient:
            return state.memory.fit(step.x, partial(self._pass, step, state, amplify))

        found = until_finite(one_pass, lambda result: (result.gradient, result.amplified != 1.0))
        if bool(found.gradient.isfinite().all()):
            return found
        state.not_finite = True
        return replace(found, gradient=torch.zeros_like(found.gradient))

    def _pass(
        self, step: StepContext, state: PassState, amplify: float, recompute: bool
    ) -> LossAndGradient:
        def begin(inner: torch.Tensor) -> LossReader:
            state.reader = LossReader(self.targets, state.plans, inner, amplify)
            return state.reader

        unet, device = step.unet, step.x.device
        try:
            with (
                differentiable(unet, device, step.beside),
                gradients(step.foreign),
                checkpointed(unet, recompute, step.foreign),
            ):
                x = step.x.detach().clone().requires_grad_()
                inner = conditional_pass(step, x, self.prompts, begin, "A&E-HRV")
                assert state.reader is not None  # conditional_pass raises where it began nothing
                return state.reader.result(x, inner)
        finally:
            state.reader = None
