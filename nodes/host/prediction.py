"""Predictions of the clean latent D at a step's noisy latent, beside the sampler's own ones.

`predictions` asks for D of whole lists of conditionings, `own_prediction` for that of some prompts;
`prediction_gradients` for the gradient of linear functions of D with respect to what a hook has put
into the U-Net.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from comfy.samplers import calc_cond_batch

from ..prompts.tag import Prompt
from .gradient_pass import CallReader, entries_of, pass_options
from .hooks import Call
from .stepping import StepContext

TakeGradient = Callable[[Call, torch.Tensor], None]
"""take(call, the parts of K functions L in this U-Net call (K, rows)), with its hooks attached."""


def predictions(step: StepContext, names: Sequence[str]) -> list[torch.Tensor]:
    """D, like the latents x, by each of these lists of the guider's conditionings."""
    guider = step.model.inner_model  # the sampler's model wraps the guider for masks
    lists = [guider.conds[name] for name in names]
    options = step.kwargs["model_options"]
    found: list[torch.Tensor] = calc_cond_batch(
        guider.inner_model, lists, step.x, step.sigma, options
    )
    return found


def own_prediction(step: StepContext, prompts: Sequence[Prompt]) -> torch.Tensor:
    """D, like the latents x, by the conditionings of these prompts alone."""
    return _prediction(step, prompts, lambda _call, run: run())


def prediction_gradients(
    step: StepContext,
    prompts: Sequence[Prompt],
    directions: Sequence[torch.Tensor],
    take: TakeGradient,
) -> None:
    """Gives the parts of each L = <D, direction> of each image to `take`, one U-Net call at a time.

    D is the prompts' own prediction, and D is linear in what the U-Net returns: so dL/d(output) of
    each call is found first, with outputs of zeros, and the U-Net runs once, call by call, however
    many directions there are. What
    a hook has put into a call can be differentiated in `take`; also when blocks compute their
    inside again, which they do with the hooks that are attached then. ValueError where the host,
    which batches by free memory, makes other U-Net calls the second time.
    """
    outputs: list[torch.Tensor] = []

    def empty(call: Call, _run: Callable[[], Any]) -> torch.Tensor:
        outputs.append(call.empty_output().requires_grad_())
        return outputs[-1]

    denoised = _prediction(step, prompts, empty)
    if not outputs:
        return
    totals = [(denoised.float() * direction).sum() for direction in directions]
    cotangents = [torch.autograd.grad(total, outputs, retain_graph=True) for total in totals]
    waiting = list(zip(*cotangents, strict=True))  # for each call, K of its output's shape

    def differentiate(call: Call, run: Callable[[], Any]) -> torch.Tensor:
        if not waiting or _size(waiting[0][0]) != _size(call.x):
            raise ValueError(_OTHER_CALLS)
        output: torch.Tensor = run()
        parts = [(output.float() * one).flatten(1).sum(dim=1) for one in waiting.pop(0)]
        take(call, torch.stack(parts))
        return output.detach()

    _prediction(step, prompts, differentiate)
    if waiting:
        raise ValueError(_OTHER_CALLS)


def _prediction(step: StepContext, prompts: Sequence[Prompt], reader: CallReader) -> torch.Tensor:
    """D by the conditionings of these prompts alone; `reader` takes the place of U-Net calls."""
    guider = step.model.inner_model
    entries = entries_of(step, prompts)
    controlled = any("control" in entry for entry in entries)
    options = pass_options(step.kwargs["model_options"], reader, controlled)
    x, sigma = step.x.detach().clone(), step.sigma.clone()
    found: torch.Tensor = calc_cond_batch(guider.inner_model, [entries], x, sigma, options)[0]
    return found


def _size(latents: torch.Tensor) -> tuple[int, ...]:
    """Rows, frames if there are such, height and width."""
    return (len(latents), *latents.shape[2:])


_OTHER_CALLS = (
    "Free memory changed during a gradient pass, so that the model was called with other batches. "
    "Close what else uses the GPU, or take a smaller width and height, and try again."
)
