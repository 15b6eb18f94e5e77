"""d<D(r), direction>/dr by one pass of the U-Net, in what memory there is, in float16 too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch

from ...hrv.measure.effect import image_effects
from ..host.gradients import (
    Checkpointing,
    PassMemory,
    checkpointed,
    differentiable,
    gradients,
    until_finite,
)
from ..host.hooks import Call
from ..host.prediction import prediction_gradients
from ..host.stepping import StepContext
from ..prompts.tag import Prompt


class RescaleGradient:
    """The gradient with respect to r, the rescale vector of every image.

    label: who asks, for messages. r (I, H): the variable while a pass is under way, else None.
    """

    def __init__(self, prompts: Sequence[Prompt], checkpointing: Checkpointing, label: str) -> None:
        self.prompts, self.label = prompts, label
        self.memory = PassMemory(checkpointing, _OUT_OF_MEMORY.format(label))
        self.r: torch.Tensor | None = None

    def at(
        self, r: torch.Tensor, step: StepContext, directions: Sequence[torch.Tensor]
    ) -> torch.Tensor:
        """d<D(r), direction>/dr of each of K directions and each image, (K, I, H) float32.

        One pass forward serves all directions. ValueError where there is no gradient.
        """

        def one_pass(amplify: float) -> tuple[torch.Tensor, bool]:
            return self.memory.fit(step.x, partial(self._pass, r, step, directions, amplify))

        found, _half = until_finite(one_pass, lambda result: result)
        return found

    def _pass(
        self,
        r: torch.Tensor,
        step: StepContext,
        directions: Sequence[torch.Tensor],
        amplify: float,
        recompute: bool,
    ) -> tuple[torch.Tensor, bool]:
        """The gradient, and whether the model computes in float16."""
        total = torch.zeros(len(directions), *r.shape, device=r.device)
        half = False

        def take(call: Call, shares: torch.Tensor) -> None:
            nonlocal half, total
            half = call.x.dtype == torch.float16
            factor = amplify if half else 1.0
            last = len(shares) - 1
            every = [image_effects(s * factor, variable, k < last) for k, s in enumerate(shares)]
            total = total + torch.stack(every) / factor

        unet, device = step.unet, step.x.device
        try:
            with (
                differentiable(unet, device, step.beside),
                gradients(step.foreign),
                checkpointed(unet, recompute, step.foreign),
            ):
                self.r = variable = r.detach().clone().contiguous().requires_grad_()
                # copies outside inference mode, which autograd may save
                constants = [one.detach().clone().to(variable.dtype) for one in directions]
                prediction_gradients(step, self.prompts, constants, take)
        except RuntimeError as error:
            if not any(words in str(error).lower() for words in _WITHOUT_GRADIENT):
                raise
            raise ValueError(_NO_GRADIENT.format(self.label, error)) from error
        finally:
            self.r = None
        return total, half


_OUT_OF_MEMORY = (
    "{} ran out of memory: a gradient needs more of it than a sampling step. Take a smaller width "
    "and height, and in HRV Measure not checkpointing off. Nothing was changed."
)
_WITHOUT_GRADIENT = (
    "does not require grad",
    "inference tensor",
    "derivative for",
    "have been used",
)
"""What autograd's errors say, in lower case, where the model lets no gradient through."""
_NO_GRADIENT = (
    "{} needs the gradients of this model, and it gives none ({}). Some quantised models (GGUF) "
    "and some compiled ones have none: measure with the plain checkpoint; the vectors serve the "
    "quantised one as well. Nothing was changed."
)
