"""A pass of some prompts' conditionings alone through the U-Net, with gradients.

`conditional_pass` runs it at the latent that a sampler is about to give its model. In it a
`CallReader` takes the place of each U-Net call: it may run the call as far as it needs, read
attention maps and take gradients. Every hook of the model acts but those that only watch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from comfy.ldm.modules.attention import attention_pytorch
from comfy.samplers import calc_cond_batch

from ...hrv.families.registry import family_of
from ..prompts.tag import Prompt
from .hooks import Call, Run
from .options import READER, RUN
from .stepping import StepContext
from .unet_call import own_prompts

CallReader = Callable[[Call, Callable[[], Any]], torch.Tensor | None]
"""reader(call, run the U-Net): stands in for a U-Net call; without a result of it, that is zero."""


def conditional_pass(
    step: StepContext,
    x: torch.Tensor,
    prompts: Sequence[Prompt],
    begin: Callable[[torch.Tensor], CallReader],
    label: str,
) -> torch.Tensor:
    """A pass of the prompts alone over x, through the host's own masking.

    begin(inner latent) gives the reader of its U-Net calls; label: who asks, for messages. The
    result is that inner latent as a function of x: with a denoise mask the masked one, else x.
    """
    # the sampler's own model, but with ours in the place where it calls the guider
    masking = copy.copy(step.model)
    conditional = _Conditional(masking.inner_model, entries_of(step, prompts), begin)
    masking.inner_model = conditional
    kwargs = {k: v.clone() if torch.is_tensor(v) else v for k, v in step.kwargs.items()}
    masking(x, step.sigma.clone(), **kwargs)
    if conditional.seen is None:
        raise ValueError(
            f"{label} does not work with a node that wraps the sampler. Use an ordinary "
            "KSampler or SamplerCustom."
        )
    return conditional.seen


class _Conditional:
    """What the host's masking calls in place of the guider: the wanted prompts alone."""

    def __init__(
        self,
        guider: Any,
        entries: list[dict[str, Any]],
        begin: Callable[[torch.Tensor], CallReader],
    ) -> None:
        self.inner_model = guider.inner_model
        self.entries, self.begin = entries, begin
        self.seen: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor, sigma: torch.Tensor, model_options: Any, **_: Any) -> Any:
        self.seen = x
        inner = x.detach().clone().requires_grad_()
        controlled = any("control" in entry for entry in self.entries)
        options = pass_options(model_options, self.begin(inner), controlled)
        return calc_cond_batch(self.inner_model, [self.entries], inner, sigma, options)[0].detach()


def pass_options(
    model_options: dict[str, Any], reader: CallReader, controlled: bool
) -> dict[str, Any]:
    """Options of a pass with gradients, in which `reader` takes the place of U-Net calls.

    controlled: a ControlNet takes part, which adds to the skip connections in place; copies keep
    it from changing what the backward pass needs.
    """
    given = model_options.get("transformer_options", {})
    options = {**given, READER: reader, "optimized_attention_override": _with_gradients}
    if controlled:
        patches = dict(given.get("patches", {}))
        name = "input_block_patch_after_skip"
        patches[name] = [lambda h, _options: h.clone(), *patches.get(name, ())]
        options["patches"] = patches
    # a pass is not shared between GPUs or context windows: it is of the whole latent
    lone = {
        k: v for k, v in model_options.items() if k not in ("multigpu_clones", "context_handler")
    }
    return {**lone, "transformer_options": options}


def _with_gradients(_function: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
    """The host's attention in the form that can be differentiated; not all its forms can."""
    attended: torch.Tensor = attention_pytorch(*args, **kwargs)
    return attended


def entries_of(step: StepContext, prompts: Sequence[Prompt]) -> list[dict[str, Any]]:
    """The conditionings of these prompts, of the first list that has any; positive comes first."""
    conds = step.model.inner_model.conds  # the sampler's model wraps the guider for masks
    run: Run = step.kwargs["model_options"]["transformer_options"][RUN]
    ids, family = {prompt.id for prompt in prompts}, family_of(step.unet)
    for name in sorted(conds, key=lambda name: name != "positive"):
        own = own_prompts(conds[name] or (), family, run)
        found = [_frozen(entry) for entry, prompt in own if ids & {*prompt.ids}]
        if found:
            return found
    return []


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    control = entry.get("control")
    return entry if control is None else {**entry, "control": _FrozenControl(control)}


class _FrozenControl:
    """A ControlNet whose additions are constants to the gradient, as its weights must be."""

    def __init__(self, control: Any) -> None:
        self._control = control

    def get_control(self, x: torch.Tensor, *args: Any) -> Any:
        with torch.inference_mode():
            found = self._control.get_control(x.detach(), *args)
        if found is None:
            return None
        return {
            kind: [None if part is None else part.clone() for part in parts]
            for kind, parts in found.items()
        }

    def __getattr__(self, name: str) -> Any:
        return getattr(self._control, name)
