"""What stands in for the U-Net calls of a gradient pass: it takes their losses and gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.excite.algorithm import LossAndGradient
from ...hrv.excite.loss import excite_loss, strongest, token_losses
from ...hrv.excite.plan import MapPlan, plan_maps
from ...hrv.excite.words import ChosenToken
from ...hrv.resolution import Size
from ..host.hooks import Call
from .call_maps import CallMaps, Enough
from .targets import Targets

_ABSENT = -1.0  # below every loss: of an image that does not have a token's prompt


class LossReader:
    """Collects losses, and their gradient in the inner latent, over the U-Net calls of a pass.

    An image's loss is its largest over all calls, as it is the largest over all words.
    plans: by size of the latent, completed here; inner: the latent that the calls are of,
    (I, channels, height, width); amplify: the factor on the loss where the U-Net computes in
    float16, whose gradients would otherwise vanish.
    """

    def __init__(
        self, targets: Targets, plans: dict[Size, MapPlan], inner: torch.Tensor, amplify: float
    ) -> None:
        self._targets, self._plans, self._inner, self._amplify = targets, plans, inner, amplify
        self._losses: list[float | None] = [None] * len(inner)
        self._weakest = [""] * len(inner)
        self._inner_gradient = torch.zeros_like(inner)
        self._amplified = 1.0
        self._map_size: Size = (0, 0)
        self._maps: CallMaps  # of the call under way

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        """Hook the layers of a U-Net call that are read."""
        plan = self._plan(call)
        self._map_size = plan.size
        self._maps = CallMaps(call, plan)
        return self._maps.attach()

    def __call__(self, call: Call, run_unet: Callable[[], Any]) -> None:
        """One U-Net call: as much of it as the losses need, and their gradient."""
        with suppress(Enough):
            run_unet()
        losses, tokens = self._token_losses(call)
        loss, index = excite_loss(losses)
        self._amplified = self._amplify if call.x.dtype == torch.float16 else 1.0
        amplified = loss.sum() * self._amplified
        gradient = torch.autograd.grad(amplified, self._inner)[0] / self._amplified
        self._keep(loss.detach(), index, tokens, gradient)

    def result(self, x: torch.Tensor, inner: torch.Tensor) -> LossAndGradient:
        """All that was found; the gradient is led back to x through `inner`, a function of x."""
        gradient = torch.autograd.grad(inner, x, self._inner_gradient)[0]
        losses, weakest = tuple(self._losses), tuple(self._weakest)
        return LossAndGradient(losses, weakest, gradient, self._map_size, self._amplified)

    def _plan(self, call: Call) -> MapPlan:
        latent = (call.x.shape[-2], call.x.shape[-1])
        if latent not in self._plans:
            choice, relevance = self._targets.reading.map_size, self._targets.relevance
            self._plans[latent] = plan_maps(
                call.unet, call.layers, call.heads, latent, choice, relevance
            )
        return self._plans[latent]

    def _token_losses(self, call: Call) -> tuple[torch.Tensor, list[ChosenToken]]:
        """All chosen tokens of the call and their losses (I, K), _ABSENT where there is none."""
        targets = {each.prompt.id: each for each in self._targets.prompts}
        columns, tokens = [], list[ChosenToken]()
        for number, (prompt, rows) in enumerate(call.tagged()):
            own = targets.get(prompt.prompt_id)
            if own is None:
                continue
            smoothing = self._targets.reading.smoothing
            s = strongest(self._maps.averaged(number), own.tokens, own.slots, smoothing)
            images = torch.tensor(range(call.rows)[rows]) % len(self._inner)
            absent = s.new_full((len(self._inner), s.shape[1]), _ABSENT)
            columns.append(absent.index_copy(0, images.to(s.device), token_losses(s)))
            tokens += own.tokens
        return torch.cat(columns, dim=1), tokens

    def _keep(
        self,
        loss: torch.Tensor,
        index: torch.Tensor,
        tokens: Sequence[ChosenToken],
        gradient: torch.Tensor,
    ) -> None:
        """Loss (I,), number of its token (I,) and gradient of the images that it is largest for."""
        for image, (value, number) in enumerate(zip(loss.tolist(), index.tolist(), strict=True)):
            known = self._losses[image]
            if value > (_ABSENT if known is None else known):
                self._losses[image] = value
                self._weakest[image] = tokens[number].word
                self._inner_gradient[image] = gradient[image]
