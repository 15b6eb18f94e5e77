"""ds/dr by one pass through the U-Net, in what memory there is and in float16 too."""

from __future__ import annotations

from collections.abc import Sequence

import comfy.model_management
import torch

from ...hrv.measure.effect import image_effects
from ..host.gradients import checkpointed, differentiable, gradients
from ..host.hooks import Call
from ..host.prediction import prediction_gradients
from ..host.stepping import StepContext
from ..prompts.tag import Prompt
from .settings import Checkpointing

_AMPLIFY = (4096.0, 64.0, 1.0)
"""Factors on the gradient in float16, where it would vanish; a smaller one where it overflows."""
_WORTH_RECOMPUTING = 8192  # latent pixels of a batch: above, the graph takes more than a GiB


class RescaleGradient:
    """The gradient with respect to r, the rescale vector of every image.

    r (I, H): the variable while a pass is under way, else None.
    """

    def __init__(self, prompts: Sequence[Prompt], checkpointing: Checkpointing) -> None:
        self.prompts, self.checkpointing = prompts, checkpointing
        self.r: torch.Tensor | None = None
        self._tight = False  # memory ran out once

    def at(self, r: torch.Tensor, step: StepContext, direction: torch.Tensor) -> torch.Tensor:
        """d<D(r), direction>/dr of each image, (I, H) float32. ValueError where there is none."""
        for amplify in _AMPLIFY:
            found, half = self._within_memory(r, step, direction, amplify)
            if not half or bool(found.isfinite().all()):
                break
        return found

    def _within_memory(
        self, r: torch.Tensor, step: StepContext, direction: torch.Tensor, amplify: float
    ) -> tuple[torch.Tensor, bool]:
        """The gradient and whether the model computes in float16; once more with less memory."""
        recomputes = self._recomputes(step.x)
        try:
            return self._pass(r, step, direction, amplify)
        except comfy.model_management.OOM_EXCEPTION:
            if recomputes or self.checkpointing != "auto":
                raise ValueError(_OUT_OF_MEMORY) from None
        except RuntimeError as error:
            raise ValueError(_NO_GRADIENT.format(error)) from error
        finally:
            self.r = None
        self._tight = True
        comfy.model_management.soft_empty_cache()
        return self._within_memory(r, step, direction, amplify)

    def _pass(
        self, r: torch.Tensor, step: StepContext, direction: torch.Tensor, amplify: float
    ) -> tuple[torch.Tensor, bool]:
        total = torch.zeros(r.shape, device=r.device)
        half = False

        def take(call: Call, shares: torch.Tensor) -> None:
            nonlocal half, total
            half = call.x.dtype == torch.float16
            factor = amplify if half else 1.0
            total = total + image_effects(shares * factor, variable) / factor

        unet = step.unet
        with (
            gradients(),
            differentiable(unet, step.x.device),
            checkpointed(unet, self._recomputes(step.x)),
        ):
            self.r = variable = r.detach().clone().contiguous().requires_grad_()
            # a copy outside inference mode, which autograd may save
            constant = direction.detach().clone().to(variable.dtype)
            prediction_gradients(step, self.prompts, constant, take)
        return total, half

    def _recomputes(self, x: torch.Tensor) -> bool:
        """Whether values inside the U-Net are computed twice; `auto` does once memory ran out."""
        worth = len(x) * x.shape[-2] * x.shape[-1] >= _WORTH_RECOMPUTING or self._tight
        return self.checkpointing == "on" or (self.checkpointing == "auto" and worth)


_OUT_OF_MEMORY = (
    "HRV Measure ran out of memory: a gradient needs more of it than a sampling step. Measure with "
    "a smaller width and height, or set checkpointing to on. Nothing was changed."
)
_NO_GRADIENT = (
    "HRV Measure needs the gradients of this model, and it gives none ({}). Quantised (GGUF, fp8 "
    "kernels) and compiled models have none: measure with the plain checkpoint; the vectors serve "
    "the quantised one as well. Nothing was changed."
)
