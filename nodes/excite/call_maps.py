"""The attention maps that the loss is made of, read layer by layer in one U-Net call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import full_maps, own_maps
from ...hrv.excite.loss import layer_part
from ...hrv.excite.plan import MapPlan
from ...hrv.heads import CrossAttentionLayer
from ...hrv.resolution import Size
from ..host.hooks import Call, layer_name
from ..host.layers import on_queries_and_keys


class Enough(Exception):
    """Raised behind the last layer that is read: the rest of the U-Net is not needed."""


class CallMaps:
    """The averaged maps of each tagged prompt of a U-Net call, which ends with the last of them."""

    def __init__(self, call: Call, plan: MapPlan) -> None:
        self._call, self._plan = call, plan
        # for each tagged prompt of the call, the parts of the layers by their numbers
        self._parts: list[dict[int, torch.Tensor]] = [{} for _ in call.tagged()]

    def averaged(self, number: int) -> torch.Tensor:
        """The maps of the tagged prompt with this number, (images, concepts, tokens, y, x)."""
        return torch.stack(list(self._parts[number].values())).sum(dim=0)

    def attach(self) -> Iterable[RemovableHandle]:
        """Hook the layers that are read, and stop behind the last of them."""
        for number, shape in enumerate(self._plan.sizes):
            if shape is not None:
                yield from self._attach_layer(number, shape)
        last = self._call.layers[self._plan.last].attention
        blocks = self._call.unet.modules()
        block = next(module for module in blocks if getattr(module, "attn2", None) is last)
        yield block.register_forward_hook(_stop)

    def _attach_layer(self, number: int, shape: Size) -> Iterable[RemovableHandle]:
        layer = self._call.layers[number]

        def read(q: torch.Tensor, k: torch.Tensor) -> None:
            self._require_plain(layer, shape, q, k)
            self._read(number, shape, q, k)

        return on_queries_and_keys(layer, read)

    def _read(self, number: int, shape: Size, q: torch.Tensor, k: torch.Tensor) -> None:
        call, plan, layer = self._call, self._plan, self._call.layers[number]
        weights = plan.weights[:, call.heads.span(layer.stage, layer.layer)].to(call.x.device)
        for parts, (prompt, rows) in zip(self._parts, call.tagged(), strict=True):
            maps = full_maps(q[rows], k[rows], layer.heads)
            own = own_maps(maps, call.tokens, prompt.length)
            part = layer_part(own, weights, shape, plan.size)
            parts.setdefault(number, part)  # checkpointing computes it once more, for the gradient

    def _require_plain(
        self, layer: CrossAttentionLayer, shape: Size, q: torch.Tensor, k: torch.Tensor
    ) -> None:
        """ValueError where queries (rows, pixels, ...) and keys are not those of the call."""
        fits = q.shape[1] == shape[0] * shape[1] and k.shape[1] >= self._call.tokens
        if not fits or not len(q) == len(k) == self._call.rows:
            raise ValueError(
                f"A&E-HRV cannot read {layer_name(layer)}: another node changes the "
                "resolution or the number of rows inside the model. Connect A&E-HRV to a "
                "model without that node."
            )


def _stop(_module: Any, _args: Any, _output: Any) -> None:
    raise Enough
