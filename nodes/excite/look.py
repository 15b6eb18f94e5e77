"""One conditional pass with gradients: which word is attended to least, and where to move."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from comfy.samplers import calc_cond_batch

from ...hrv.excite.loss import (
    ChosenToken,
    Smoothing,
    attention_maps,
    excite_loss,
    layer_part,
    strongest,
    token_losses,
)
from ...hrv.excite.plan import MapPlan, MapSize, plan_maps
from ..host.hooks import Call
from ..host.patching import look_options
from ..host.stepping import Moment
from ..prompts.tag import Prompt, tagged_prompt


@dataclass(frozen=True, eq=False)
class Wanted:
    """The chosen tokens of one prompt, their words, and the prompt's token slice."""

    prompt: Prompt
    tokens: tuple[ChosenToken, ...]
    words: tuple[str, ...]
    slots: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Reading:
    """How maps become a loss. relevance (C, H): the concepts' HRVs, or None for plain means."""

    wanted: tuple[Wanted, ...]
    relevance: torch.Tensor | None
    map_size: MapSize
    smoothing: Smoothing | None


class Enough(Exception):
    """Raised behind the last layer that is read: the rest of the U-Net is not needed."""


class Look:
    """Collects losses (I,), weakest words and the gradient of x over all U-Net calls of a pass.

    The loss is the largest over all calls, as it is the largest over all words. amplify: factor
    on the loss in float16, whose gradients would otherwise vanish.
    """

    def __init__(
        self, reading: Reading, plans: dict[Any, MapPlan], x: torch.Tensor, amplify: float
    ) -> None:
        self.reading, self.plans, self.x, self.amplify = reading, plans, x, amplify
        self.loss = x.new_full((len(x),), -1.0, dtype=torch.float32)
        self.weakest: list[str] = [""] * len(x)
        self.gradient = torch.zeros_like(x)
        self.half = False
        self.size: tuple[int, int] = (0, 0)
        self._parts: dict[tuple[int, int], torch.Tensor] = {}

    def attach(self, call: Call) -> Iterable[Any]:
        """Hook the layers that are read."""
        plan = self._plan(call)
        self._parts.clear()
        self.size = plan.size
        for number, shape in enumerate(plan.sizes):
            if shape is not None:
                yield from self._hooks(call, plan, number, shape)
        last = call.layers[plan.last].attention
        block = next(m for m in call.unet.modules() if getattr(m, "attn2", None) is last)
        yield block.register_forward_hook(_stop)

    def __call__(self, call: Call, run: Callable[[], Any]) -> None:
        """One U-Net call, in whose place this is run: its losses and their gradient."""
        with contextlib.suppress(Enough):
            run()
        losses, words = self._losses(call)
        loss, index = excite_loss(losses)
        self.half = call.x.dtype == torch.float16
        amplify = self.amplify if self.half else 1.0
        gradient = torch.autograd.grad(loss.sum() * amplify, self.x)[0] / amplify
        self._parts.clear()
        for image in range(len(loss)):
            if loss[image] > self.loss[image]:
                self.loss[image] = loss[image].detach()
                self.gradient[image] = gradient[image]
                self.weakest[image] = words[index[image]]

    def _plan(self, call: Call) -> MapPlan:
        latent = (call.x.shape[-2], call.x.shape[-1])
        if latent not in self.plans:
            choice, relevance = self.reading.map_size, self.reading.relevance
            self.plans[latent] = plan_maps(
                call.unet, call.layers, call.heads, latent, choice, relevance
            )
        return self.plans[latent]

    def _hooks(
        self, call: Call, plan: MapPlan, number: int, shape: tuple[int, int]
    ) -> Iterable[Any]:
        layer = call.layers[number]
        weights = plan.weights[:, call.heads.span(layer.stage, layer.layer)].to(call.x.device)
        queries: list[torch.Tensor] = []

        def remember(_module: Any, _args: Any, q: torch.Tensor) -> None:
            queries[:] = [q]

        def read(_module: Any, _args: Any, k: torch.Tensor) -> None:
            q = queries.pop()
            fits = q.shape[1] == shape[0] * shape[1] and k.shape[1] >= call.tokens
            if not fits or not len(q) == len(k) == call.rows:
                raise ValueError(
                    f"A&E-HRV cannot read {layer.stage} layer {layer.layer}: another node changes "
                    "the resolution or the number of rows inside the model. Connect A&E-HRV to a "
                    "model without that node."
                )
            for part, chunk in enumerate(call.chunks):
                if chunk is not None:
                    rows, own = call.row_span(part), (call.tokens, chunk.length)
                    maps = attention_maps(q[rows], k[rows], layer.heads, *own)
                    found = layer_part(maps, weights, shape, plan.size)
                    self._parts.setdefault((part, number), found)  # once more when recomputed

        yield layer.attention.to_q.register_forward_hook(remember)
        yield layer.attention.to_k.register_forward_hook(read)

    def _losses(self, call: Call) -> tuple[torch.Tensor, list[str]]:
        """Losses (I, K) of all chosen tokens of the call, -1 where an image has not the prompt."""
        wanted = {each.prompt.id: each for each in self.reading.wanted}
        columns, words = [], list[str]()
        for part, chunk in enumerate(call.chunks):
            if chunk is None or chunk.prompt_id not in wanted:
                continue
            mine = wanted[chunk.prompt_id]
            found = [layer for (of, _), layer in self._parts.items() if of == part]
            averaged = torch.stack(found).sum(dim=0)
            s = strongest(averaged, mine.tokens, mine.slots, self.reading.smoothing)
            images = torch.tensor(range(call.rows)[call.row_span(part)]) % len(self.x)
            full = s.new_full((len(self.x), s.shape[1]), -1.0)
            columns.append(full.index_copy(0, images.to(s.device), token_losses(s)))
            words += mine.words
        return torch.cat(columns, dim=1), words


def _stop(_module: Any, _args: Any, _output: Any) -> None:
    raise Enough


class _Conditional:
    """What the host's masking calls in place of the guider: the wanted prompts alone."""

    def __init__(self, guider: Any, prompts: Sequence[Prompt], start: Callable[..., Any]) -> None:
        self.inner_model = guider.inner_model
        self.entries, self.start = entries_of(guider.conds, prompts), start
        self.seen: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor, sigma: torch.Tensor, model_options: Any, **_: Any) -> Any:
        self.seen = x
        inner = x.detach().clone().requires_grad_()
        controlled = any("control" in entry for entry in self.entries)
        options = look_options(model_options, self.start(inner), controlled)
        return calc_cond_batch(self.inner_model, [self.entries], inner, sigma, options)[0].detach()


def look(
    moment: Moment, x: torch.Tensor, prompts: Sequence[Prompt], start: Callable[..., Any]
) -> torch.Tensor:
    """A pass of the prompts alone over x, through the host's own masking.

    start(inner latent) gives what each U-Net call becomes. The result is that inner latent as a
    function of x: with a denoise mask the masked one, otherwise x.
    """
    kept = copy.copy(moment.model)
    conditional = _Conditional(kept.inner_model, prompts, start)
    kept.inner_model = conditional
    kwargs = {k: v.clone() if torch.is_tensor(v) else v for k, v in moment.kwargs.items()}
    kept(x, moment.sigma.clone(), **kwargs)
    if conditional.seen is None:
        raise ValueError(
            "A&E-HRV cannot see through another node that wraps the sampler. Use an ordinary "
            "KSampler or SamplerCustom."
        )
    return conditional.seen


def entries_of(
    conds: Mapping[str, Sequence[dict[str, Any]] | None], prompts: Sequence[Prompt]
) -> list[dict[str, Any]]:
    """The conditionings of these prompts, of the first list that has any; positive comes first."""
    ids = {prompt.id for prompt in prompts}
    lists = sorted(conds, key=lambda name: name != "positive")
    for name in lists:
        found = [_frozen(e) for e in conds[name] or () if ids & _own_ids(e)]
        if found:
            return found
    return []


def _own_ids(entry: dict[str, Any]) -> set[str]:
    prompt, context = tagged_prompt(entry), entry.get("model_conds", {}).get("c_crossattn")
    own = prompt and context is not None and context.cond is entry.get("cross_attn")
    return set(prompt.ids) if prompt and own else set()


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
            place: [None if part is None else part.clone() for part in parts]
            for place, parts in found.items()
        }

    def __getattr__(self, name: str) -> Any:
        return getattr(self._control, name)
