"""ds/dr by one pass through the U-Net, in what memory there is and in float16 too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch

from ...hrv.measure.effect import image_effects
from ..host.gradients import (
    AMPLIFY,
    Checkpointing,
    PassMemory,
    checkpointed,
    differentiable,
    gradients,
)
from ..host.hooks import Call
from ..host.prediction import prediction_gradients
from ..host.stepping import StepContext
from ..prompts.tag import Prompt


class RescaleGradient:
    """The gradient with respect to r, the rescale vector of every image.

    r (I, H): the variable while a pass is under way, else None.
    """

    def __init__(self, prompts: Sequence[Prompt], checkpointing: Checkpointing) -> None:
        self.prompts = prompts
        self.memory = PassMemory(checkpointing, _OUT_OF_MEMORY)
        self.r: torch.Tensor | None = None

    def at(self, r: torch.Tensor, step: StepContext, direction: torch.Tensor) -> torch.Tensor:
        """d<D(r), direction>/dr of each image, (I, H) float32. ValueError where there is none."""
        for amplify in AMPLIFY:
            one_pass = partial(self._pass, r, step, direction, amplify)
            found, half = self.memory.fit(step.x, one_pass)
            if not half or bool(found.isfinite().all()):
                break
        return found

    def _pass(
        self,
        r: torch.Tensor,
        step: StepContext,
        direction: torch.Tensor,
        amplify: float,
        recompute: bool,
    ) -> tuple[torch.Tensor, bool]:
        """The gradient, and whether the model computes in float16."""
        total = torch.zeros(r.shape, device=r.device)
        half = False

        def take(call: Call, shares: torch.Tensor) -> None:
            nonlocal half, total
            half = call.x.dtype == torch.float16
            factor = amplify if half else 1.0
            total = total + image_effects(shares * factor, variable) / factor

        unet, device = step.unet, step.x.device
        try:
            with gradients(), differentiable(unet, device), checkpointed(unet, recompute):
                self.r = variable = r.detach().clone().contiguous().requires_grad_()
                # a copy outside inference mode, which autograd may save
                constant = direction.detach().clone().to(variable.dtype)
                prediction_gradients(step, self.prompts, constant, take)
        except RuntimeError as error:
            if not any(words in str(error).lower() for words in _WITHOUT_GRADIENT):
                raise
            raise ValueError(_NO_GRADIENT.format(error)) from error
        finally:
            self.r = None
        return total, half


_OUT_OF_MEMORY = (
    "HRV Measure ran out of memory: a gradient needs more of it than a sampling step. Measure with "
    "a smaller width and height, or set checkpointing to on. Nothing was changed."
)
_WITHOUT_GRADIENT = (
    "does not require grad",
    "inference tensor",
    "derivative for",
    "have been used",
)
"""What autograd's errors say, in lower case, where the model lets no gradient through."""
_NO_GRADIENT = (
    "HRV Measure needs the gradients of this model, and it gives none ({}). Quantised (GGUF, fp8 "
    "kernels) and compiled models have none: measure with the plain checkpoint; the vectors serve "
    "the quantised one as well. Nothing was changed."
)
