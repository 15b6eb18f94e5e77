"""The one place that touches ModelPatcher and transformer_options.

A patched MODEL carries a tuple of `Edit`s and three wrappers, each added once:

* OUTER_SAMPLE opens a `Run` (the state of one sampling), checks that every prompt an edit needs
  takes part in it, and lets the edits report at the end;
* CALC_COND_BATCH notes which (list index, uuid) belongs to which tagged prompt;
* DIFFUSION_MODEL lets each edit hook the attention layers for one UNet call.

Edits that move the latent (`add_mover`) add SAMPLER_SAMPLE, which tells them of every step. In the
passes that they make with `look_options`, they take the place of the UNet.

Edits hook `to_q`, `to_k`, `to_v` and `to_out` of the layers and are unhooked after each call, so
other packs' attention patches stay in place and receive what the hooks return.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from comfy.ldm.modules.attention import attention_pytorch
from comfy.patcher_extension import WrappersMP

from ...hrv.heads import HeadTable, head_table
from ..prompts.tag import Prompt, tagged_prompt
from .hooks import Call, Chunk, Edit, Look, Mover, Run
from .stepping import Moment, Steps

__all__ = ["Call", "Chunk", "Edit", "Run", "add_edits", "add_mover", "look_options"]

KEY = "hrv"
EDITS, RUN, TABLE, LOOK = "hrv_edits", "hrv_run", "hrv_table", "hrv_look"


def model_heads(model: Any) -> HeadTable:
    """The head table of a MODEL; ValueError naming the model if it has no such heads."""
    return head_table(model.get_model_object("diffusion_model"))


def percent_to_sigmas(model: Any, start: float, end: float) -> tuple[float, float]:
    """Sampling percents (0 first, 1 last) to (sigma_start, sigma_end)."""
    if not 0.0 <= start < end <= 1.0:
        raise ValueError(
            f"start_percent ({start}) must lie before end_percent ({end}), both between 0 and 1. "
            "0 to 1 covers the whole sampling."
        )
    sampling = model.get_model_object("model_sampling")
    return float(sampling.percent_to_sigma(start)), float(sampling.percent_to_sigma(end))


def add_edits(model: Any, edits: Iterable[Edit]) -> Any:
    """A clone of `model` that also applies `edits`; `model` itself is left as it was."""
    patched = model.clone()
    options = patched.model_options.setdefault("transformer_options", {})
    every = (*options.get(EDITS, ()), *edits)
    options[EDITS] = tuple(sorted(every, key=lambda edit: getattr(edit, "order", 0)))
    add_wrapper_once(patched, WrappersMP.OUTER_SAMPLE, _sample)
    add_wrapper_once(patched, WrappersMP.CALC_COND_BATCH, _note_prompts)
    add_wrapper_once(patched, WrappersMP.DIFFUSION_MODEL, _edit_unet)
    return patched


def add_mover(model: Any, edit: Mover) -> Any:
    """A clone of `model` whose sampler's latent `edit` moves before steps."""
    patched = add_edits(model, [edit])
    add_wrapper_once(patched, WrappersMP.SAMPLER_SAMPLE, _sample_steps)
    return patched


def look_options(model_options: dict[str, Any], look: Look, controlled: bool) -> dict[str, Any]:
    """Options for a pass with gradients: each UNet call becomes `look(Call, run the UNet)`.

    Its result is not used. Every edit acts in it but those that only watch. controlled: a
    ControlNet takes part, which adds to the skip connections in place; copies keep it from
    changing what the backward pass needs.
    """
    given = model_options.get("transformer_options", {})
    options = {**given, LOOK: look, "optimized_attention_override": _with_gradients}
    if controlled:
        patches = dict(given.get("patches", {}))
        name = "input_block_patch_after_skip"
        patches[name] = [lambda h, _options: h.clone(), *patches.get(name, ())]
        options["patches"] = patches
    lone = {
        k: v for k, v in model_options.items() if k not in ("multigpu_clones", "context_handler")
    }
    return {**lone, "transformer_options": options}


def _with_gradients(_function: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
    """The host's attention in the form that can be differentiated; not all its forms can."""
    return attention_pytorch(*args, **kwargs)


def add_denoised_edit(model: Any, edit: Callable[[Run, torch.Tensor], torch.Tensor]) -> Any:
    """A clone of `model` whose denoised latents go through `edit` after the guidance."""

    def apply(args: dict[str, Any]) -> torch.Tensor:
        run = args["model_options"]["transformer_options"].get(RUN)
        return args["denoised"] if run is None else edit(run, args["denoised"])

    patched = model.clone()
    patched.set_model_sampler_post_cfg_function(apply)
    return patched


def add_wrapper_once(model: Any, kind: str, wrapper: Callable[..., Any]) -> None:
    if wrapper not in model.get_wrappers(kind, KEY):
        model.add_wrapper_with_key(kind, KEY, wrapper)


def _sample(
    executor: Any, noise: Any, latent: Any, sampler: Any, sigmas: Any, *args: Any, **kwargs: Any
) -> Any:
    guider = executor.class_obj
    options = guider.model_options.setdefault("transformer_options", {})
    edits: Sequence[Edit] = options.get(EDITS, ())
    _require_present(edits, guider.conds)
    run = Run(sigmas, noise)
    options[RUN] = run  # the guider's options are already this run's own copy
    run.result = executor(noise, latent, sampler, sigmas, *args, **kwargs)
    for edit in edits:
        edit.finish(run)
    return run.result


def _sample_steps(
    executor: Any, guider: Any, sigmas: Any, extra: Any, callback: Any, *args: Any, **kwargs: Any
) -> Any:
    options = guider.model_options["transformer_options"]
    movers = [edit for edit in options[EDITS] if hasattr(edit, "move")]

    def move(moment: Moment) -> None:
        for edit in movers:
            edit.move(options[RUN], moment)

    sampler = copy.copy(executor.class_obj)
    steps = Steps(getattr(sampler, "sampler_function", None), sigmas, move)
    sampler.sampler_function = steps.sampler_function
    executor.original = sampler.sample  # of this call alone
    return executor(guider, sigmas, extra, steps.watched(callback), *args, **kwargs)


def _require_present(edits: Sequence[Edit], conds: dict[str, list[dict[str, Any]]]) -> None:
    every = (tagged_prompt(e) for entries in conds.values() for e in entries or ())
    wired = {identity for prompt in every if prompt for identity in prompt.ids}
    for edit in edits:
        for prompt in edit.prompts():
            if prompt.id not in wired:
                raise ValueError(
                    f"{edit.label} works on the prompt “{prompt.text}”, but this sampler was not "
                    "given that prompt. Wire the same HRV Prompt into the node and into the "
                    "sampler. (Conditioning Average and Concat keep only conditioning_to.)"
                )


def _note_prompts(
    executor: Any, model: Any, conds: Any, x: torch.Tensor, timestep: Any, model_options: Any
) -> Any:
    """Tell the UNet which (list index, uuid) is which tagged prompt, and its token length."""
    table: dict[tuple[int, Any], tuple[Chunk, ...]] = {}
    for index, entries in enumerate(conds):
        for entry in entries or ():
            prompt = tagged_prompt(entry)
            context = entry.get("model_conds", {}).get("c_crossattn")
            # area prompts are cloned into the other list with that list's own embedding
            if prompt and context is not None and context.cond is entry.get("cross_attn"):
                table[index, entry["uuid"]] = _chunks(prompt, context.cond.shape[1])
    options = {**model_options.get("transformer_options", {}), TABLE: table}
    model_options = {**model_options, "transformer_options": options}
    return executor(model, conds, x, timestep, model_options)


def _chunks(prompt: Prompt, length: int) -> tuple[Chunk, ...]:
    """One chunk for a prompt, or one for each that takes turns, with its own length."""
    if not prompt.turns:
        return (Chunk(prompt.id, length),)
    own = [(part.id, part.tables[0].length) for part in prompt.turns]
    return tuple(Chunk(*each, prompt.id, turn) for turn, each in enumerate(own))


def _edit_unet(
    executor: Any,
    x: torch.Tensor,
    timesteps: torch.Tensor,
    context: torch.Tensor | None = None,
    y: Any = None,
    control: Any = None,
    transformer_options: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    options = transformer_options or {}
    call = _describe(executor.class_obj, options, x, context)
    look: Look | None = options.get(LOOK)

    def run() -> Any:
        return executor(x, timesteps, context, y, control, transformer_options, **kwargs)

    with ExitStack() as unhook:
        if call is not None:
            for edit in options[EDITS]:
                if look is None or not getattr(edit, "only_watches", False):
                    for handle in edit.attach(call):
                        unhook.callback(handle.remove)
        if look is None or call is None:
            return run()
        look(call, run)
    return x.new_zeros((len(x), executor.class_obj.out_channels, *x.shape[2:]))


def _describe(
    unet: Any, options: dict[str, Any], x: torch.Tensor, context: torch.Tensor | None
) -> Call | None:
    """The call as the edits see it, or None where no tagged prompt takes part."""
    table = options.get(TABLE, {})
    keys = zip(options.get("cond_or_uncond", ()), options.get("uuids", ()), strict=False)
    groups = [table.get(key, (None,)) for key in keys]
    chunks = tuple(chunk for group in groups for chunk in group)
    if context is None or not any(chunks):
        return None
    run: Run = options.get(RUN) or Run()
    layers, heads = run.layers(unet)
    sigma = float(options["sigmas"].flatten()[0])
    rows, tokens = context.shape[:2]
    images = rows // len(groups)
    spans = tuple(
        slice(number * images + turn, (number + 1) * images, len(group))
        for number, group in enumerate(groups)
        for turn in range(len(group))
    )
    return Call(layers, heads, chunks, spans, rows, tokens, sigma, x, unet, run)
