"""A cross-attention layer as hooks see it: its name in messages, its queries, keys and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import scale_value_rows
from ...hrv.heads import CrossAttentionLayer
from .hooks import Call
from .transformer.joint import Factors


def layer_name(layer: CrossAttentionLayer) -> str:
    """Such as "down layer 3", for messages."""
    return f"{layer.stage} layer {layer.layer}"


def rescaled_values(call: Call, values: torch.Tensor, factors: torch.Tensor) -> torch.Tensor | None:
    """What a layer's projection of values gives, with its maps rescaled: M diag(s) V = M (s V).

    values (rows, T, h*d), factors (rows, call.tokens, h); tokens that other packs have added after
    the call's own stay as they are. None where another pack has changed the number of rows.
    """
    if values.shape[0] != call.rows or values.shape[1] < call.tokens:
        return None
    if values.shape[1] == call.tokens:
        return scale_value_rows(values, factors)
    own = scale_value_rows(values[:, : call.tokens], factors)
    return torch.cat([own, values[:, call.tokens :]], dim=1)


def on_values(
    call: Call, layer: CrossAttentionLayer, factors: Factors, missed: Callable[[], None]
) -> list[RemovableHandle]:
    """Rescales a layer's maps of the text in this call, in the rows of the image that is made.

    factors(device) are asked for in each evaluation, (rows, call.tokens, heads) or None where all
    are 1; missed() is called where another pack has changed what the layer attends to.
    """
    if call.joint is not None:
        return call.joint.on_values(layer, factors, missed)

    def rescale(_module: Any, _args: Any, values: torch.Tensor) -> torch.Tensor:
        own = factors(values.device)
        scaled = values if own is None else rescaled_values(call, values, own)
        if scaled is None:
            missed()
            return values
        return scaled

    values: Any = getattr(layer.attention, layer.values)
    return [values.register_forward_hook(rescale)]


def on_queries_and_keys(
    layer: CrossAttentionLayer, read: Callable[[torch.Tensor, torch.Tensor], None]
) -> list[RemovableHandle]:
    """Calls read(q, k) with what the layer projects in each evaluation; changes neither.

    q (rows, N, h*d), k (rows, T, h*d). The host projects q first; without it there is no call.
    """
    attention: Any = layer.attention
    queries: list[torch.Tensor] = []

    def remember(_module: Any, _args: Any, q: torch.Tensor) -> None:
        queries[:] = [q]

    def both(_module: Any, _args: Any, k: torch.Tensor) -> None:
        if queries:
            read(queries.pop(), k)

    return [
        attention.to_q.register_forward_hook(remember),
        attention.to_k.register_forward_hook(both),
    ]
