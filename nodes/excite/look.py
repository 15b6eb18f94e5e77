"""One conditional pass with gradients: which word is attended to least, and where to move."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

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
from ..prompts.tag import Prompt


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

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
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
            for part, prompt in enumerate(call.prompt_rows):
                if prompt is not None:
                    rows, own = call.spans[part], (call.tokens, prompt.length)
                    maps = attention_maps(q[rows], k[rows], layer.heads, *own)
                    found = layer_part(maps, weights, shape, plan.size)
                    self._parts.setdefault((part, number), found)  # once more when recomputed

        yield layer.attention.to_q.register_forward_hook(remember)
        yield layer.attention.to_k.register_forward_hook(read)

    def _losses(self, call: Call) -> tuple[torch.Tensor, list[str]]:
        """Losses (I, K) of all chosen tokens of the call, -1 where an image has not the prompt."""
        wanted = {each.prompt.id: each for each in self.reading.wanted}
        columns, words = [], list[str]()
        for part, prompt in enumerate(call.prompt_rows):
            if prompt is None or prompt.prompt_id not in wanted:
                continue
            mine = wanted[prompt.prompt_id]
            found = [layer for (of, _), layer in self._parts.items() if of == part]
            averaged = torch.stack(found).sum(dim=0)
            s = strongest(averaged, mine.tokens, mine.slots, self.reading.smoothing)
            images = torch.tensor(range(call.rows)[call.spans[part]]) % len(self.x)
            full = s.new_full((len(self.x), s.shape[1]), -1.0)
            columns.append(full.index_copy(0, images.to(s.device), token_losses(s)))
            words += mine.words
        return torch.cat(columns, dim=1), words


def _stop(_module: Any, _args: Any, _output: Any) -> None:
    raise Enough
