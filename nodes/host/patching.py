"""How hooks get into a MODEL, the host's ModelPatcher: `add_hooks` gives a clone with wrappers.

Each wrapper is added once:

* OUTER_SAMPLE opens a `Run` (the state of one sampling), checks that every prompt a hook needs
  takes part in it, and lets the hooks report at the end;
* CALC_COND_BATCH notes which conditioning of a batch belongs to which tagged prompt, and leaves
  compiled modules out;
* DIFFUSION_MODEL lets each hook attach to the attention layers for one U-Net call, and APPLY_MODEL
  for one call of a transformer: there all of them are called with the same arguments;
* SAMPLER_SAMPLE, where a hook updates the latent, tells such hooks of every step.

Hooks attach to projections of the layers and are detached after each call; where text and image
attend jointly, they go before what stands at `optimized_attention_override` in that call. So other
packs' attention patches stay in place and receive what the hooks return.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from comfy.patcher_extension import WrappersMP

from ...hrv.families.registry import family_of
from ..prompts.tag import Prompt
from .company.behind import prompts_behind
from .company.compiled import require_not_compiled, say_uncompiled, uncompiled
from .company.reached import Reached, absent, listed, may_come, note_evaluated, require_met
from .gradient_pass import CallReader
from .hooks import Call, Hook, Run
from .options import HOOKS, KEY, READER, RUN, TABLE
from .stepping import StepContext, Steps
from .transformer.checks import for_unets, require_plain
from .unet_call import describe, note_prompts, present_prompt

_APPLIED = ("c_concat", "c_crossattn", "control", "transformer_options")
"""What the host's apply_model is called with after the latent and the noise level."""


def add_hooks(model: Any, hooks: Iterable[Hook[Any]]) -> Any:
    """A clone of `model` that also has `hooks`; `model` itself is left as it was."""
    patched, added = model.clone(), tuple(hooks)
    options = patched.model_options.setdefault("transformer_options", {})
    options[HOOKS] = tuple(sorted((*options.get(HOOKS, ()), *added), key=lambda hook: hook.phase))
    _add_wrapper_once(patched, WrappersMP.OUTER_SAMPLE, _sample)
    _add_wrapper_once(patched, WrappersMP.CALC_COND_BATCH, _evaluate)
    family = family_of(patched.get_model_object("diffusion_model"))
    if family is None:
        _add_wrapper_once(patched, WrappersMP.DIFFUSION_MODEL, _call_unet)
    else:
        for hook in added:
            if not hook.on_transformers:
                raise ValueError(for_unets(hook.label, family))
        _add_wrapper_once(patched, WrappersMP.APPLY_MODEL, _call_transformer)
    if any(hook.acts_before_steps for hook in added):
        _add_wrapper_once(patched, WrappersMP.SAMPLER_SAMPLE, _sample_steps)
    for hook in added:
        if hook.edits_denoised:
            patched.set_model_sampler_post_cfg_function(_after_guidance(hook))
    return patched


def without_hooks(model: Any) -> Any:
    """A clone of `model` on which no hook acts, for a sampling of other prompts than theirs."""
    plain = model.clone()
    plain.model_options.setdefault("transformer_options", {})[HOOKS] = ()
    return plain


def _add_wrapper_once(model: Any, kind: str, wrapper: Callable[..., Any]) -> None:
    if wrapper not in model.get_wrappers(kind, KEY):
        model.add_wrapper_with_key(kind, KEY, wrapper)


def _after_guidance(hook: Hook[Any]) -> Callable[[dict[str, Any]], torch.Tensor]:
    def apply(args: dict[str, Any]) -> torch.Tensor:
        run: Run | None = args["model_options"]["transformer_options"].get(RUN)
        return args["denoised"] if run is None else hook.after_guidance(run, args["denoised"])

    return apply


def _sample(
    executor: Any, noise: Any, latent: Any, sampler: Any, sigmas: Any, *args: Any, **kwargs: Any
) -> Any:
    guider = executor.class_obj
    options = guider.model_options.setdefault("transformer_options", {})
    hooks: Sequence[Hook[Any]] = options.get(HOOKS, ())
    run = Run(sigmas, noise)
    run.prompts = _prompts_in(guider.conds, run)
    moving = [prompt for hook in hooks if hook.anywhere for prompt in hook.prompts()]
    run.behind = prompts_behind(guider.conds, moving)
    run.sought = _sought(hooks, run, options, guider.conds)
    run.unread = listed(guider.conds)
    unet = guider.model_patcher.get_model_object("diffusion_model")
    if hooks and family_of(unet) is None:
        require_not_compiled(guider.model_patcher)
        say_uncompiled(options)
    options[RUN] = run  # the guider's options are already this run's own copy
    run.result = executor(noise, latent, sampler, sigmas, *args, **kwargs)
    require_met(run, hooks)
    for hook in hooks:
        hook.finish(run)
    return run.result


def _prompts_in(conds: dict[str, list[dict[str, Any]]], run: Run) -> dict[str, Prompt]:
    """The tagged prompts of a sampling by id, members of pairs included."""
    every = (present_prompt(entry, run) for entries in conds.values() for entry in entries or ())
    return {one.id: one for prompt in every if prompt for one in (prompt, *prompt.members)}


def _sought(
    hooks: Sequence[Hook[Any]], run: Run, options: dict[str, Any], conds: dict[str, Any]
) -> dict[str, Prompt]:
    """The hooks' prompts that may be those of regions alone; ValueError for one that can not."""
    here = {*run.prompts, *(one.prompt_id for some in run.behind.values() for one in some)}
    sought: dict[str, Prompt] = {}
    for hook in hooks:
        for prompt in hook.prompts():
            if prompt.id not in (here if hook.anywhere else run.prompts):
                if not (hook.anywhere and may_come(prompt, options, conds)):
                    raise ValueError(absent(hook.label, prompt))
                sought[prompt.id] = prompt
    return sought


def _evaluate(
    executor: Any, model: Any, conds: Any, x: torch.Tensor, timestep: Any, model_options: Any
) -> Any:
    options = model_options.get("transformer_options", {})
    own = {**options, TABLE: note_prompts(model, conds, options)}
    hooks: Sequence[Hook[Any]] = options.get(HOOKS, ())
    if hooks and family_of(model.diffusion_model) is None:
        own = uncompiled(own)
    output = executor(model, conds, x, timestep, {**model_options, "transformer_options": own})
    run: Run | None = options.get(RUN)
    if run is not None and options.get(READER) is None:
        note_evaluated(run, hooks, conds, timestep)
    return output


def _sample_steps(
    executor: Any, guider: Any, sigmas: Any, extra: Any, callback: Any, *args: Any, **kwargs: Any
) -> Any:
    options = guider.model_options["transformer_options"]
    asked = [hook for hook in options[HOOKS] if hook.acts_before_steps]

    def before_step(step: StepContext) -> None:
        for hook in asked:
            hook.before_step(options[RUN], step)

    sampler = copy.copy(executor.class_obj)
    label = asked[0].label
    steps = Steps(getattr(sampler, "sampler_function", None), sigmas, before_step, label)
    sampler.sampler_function = steps.sampler_function
    # The executor would end in the sampler it was made for. That one is the caller's and may
    # serve other samplings, so that a copy samples; the executor is of this call alone.
    executor.original = sampler.sample
    return executor(guider, sigmas, extra, steps.watched(callback), *args, **kwargs)


def _call_unet(
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
    call = describe(executor.class_obj, options, x, context)
    reader: CallReader | None = options.get(READER)

    def run() -> Any:
        return executor(x, timesteps, context, y, control, transformer_options, **kwargs)

    if call is None:
        return run()
    with ExitStack() as detach:
        _attach(options[HOOKS], call, detach, reader is not None)
        if reader is None:
            return _reaching(call, options[HOOKS], detach, run)
        output = reader(call, run)
    if output is not None:
        return output
    return x.new_zeros((len(x), executor.class_obj.out_channels, *x.shape[2:]))


def _reaching(
    call: Call, hooks: Sequence[Hook[Any]], detach: ExitStack, run: Callable[[], Any]
) -> Any:
    """The call of a U-Net; ValueError where what hooks are to act on does not reach its layers."""
    reached = Reached(call, hooks)
    for handle in reached.attach():
        detach.callback(handle.remove)
    output = run()
    reached.require()
    return output


def _call_transformer(executor: Any, x: torch.Tensor, t: Any, *given: Any, **more: Any) -> Any:
    arguments = {**dict(zip(_APPLIED, given, strict=False)), **more}
    options = arguments.get("transformer_options") or {}
    model = executor.class_obj.diffusion_model
    require_plain(model, arguments, options)
    call = describe(model, options, x, arguments.get("c_crossattn"))
    reader: CallReader | None = options.get(READER)
    with ExitStack() as detach:
        if call is not None:
            _attach(options[HOOKS], call, detach, reader is not None)
        arguments["transformer_options"] = options

        def run() -> Any:
            joint = None if call is None else call.joint
            own = dict(arguments) if joint is None else joint.arguments(arguments)
            first = [own.pop(name, None) for name in _APPLIED]
            return executor(x, t, *first, **own)

        if reader is None or call is None:
            return run()
        output = reader(call, run)
    return call.empty_output() if output is None else output


def _attach(hooks: Sequence[Hook[Any]], call: Call, detach: ExitStack, gradients: bool) -> None:
    """Attach the hooks that act in this call; those that only watch do not in gradient passes."""
    for hook in hooks:
        if not (gradients and hook.only_watches):
            for handle in hook.attach(call):
                detach.callback(handle.remove)
