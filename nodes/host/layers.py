"""A cross-attention layer as hooks see it: its queries, keys and values, and whose they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import scale_value_rows
from ...hrv.heads import CrossAttentionLayer
from .company.rows import in_queries, rows_of
from .hooks import Call
from .transformer.maps import ProjectedMaps, TextMaps

Factors = Callable[[Call, torch.device], torch.Tensor | None]
"""Factors (rows, tokens, heads) of a layer that reads the rows of this call; None: all are 1."""


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

    factors(call as the layer sees it, device) are asked for in each evaluation; missed() is called
    where another pack has changed what the layer attends to.
    """
    if call.joint is not None:
        return call.joint.on_values(layer, partial(factors, call), missed)

    def rescale(_module: Any, args: Any, values: torch.Tensor) -> torch.Tensor:
        at = rows_of(call, args[0])
        own = factors(at, values.device)
        scaled = values if own is None else rescaled_values(at, values, own)
        if scaled is None:
            missed()
            return values
        return scaled

    values: Any = getattr(layer.attention, layer.values)
    return [values.register_forward_hook(rescale)]


def on_maps(
    call: Call,
    layer: CrossAttentionLayer,
    read: Callable[[Call, TextMaps], None],
    missed: Callable[[], None],
) -> list[RemovableHandle]:
    """Calls read(call as the layer sees it, its maps of the text) before any rescaling.

    Changes nothing. missed() is called where another pack has changed what a joint attention
    attends to.
    """
    if call.joint is not None:
        return call.joint.on_maps(layer, partial(read, call), missed)

    def projected(at: Call, q: torch.Tensor, k: torch.Tensor) -> None:
        read(at, ProjectedMaps(q, k, layer.heads))

    return on_projected(call, layer, projected)


def on_projected(
    call: Call,
    layer: CrossAttentionLayer,
    read: Callable[[Call, torch.Tensor, torch.Tensor], None],
) -> list[RemovableHandle]:
    """Calls read(call as the layer sees it, q, k) with all that attend in a cross-attention.

    q (rows, N, h*d), k (rows, T, h*d), as they are compared. Changes nothing. A pack may project
    other keys for the same queries later.
    """
    attention: Any = layer.attention
    fresh: list[torch.Tensor] = []

    def remember(_module: Any, _args: Any, q: torch.Tensor) -> None:
        fresh[:] = [q.flatten(2)]
        call.asking[:] = [(layer, fresh[0])]

    def both(_module: Any, args: Any, k: torch.Tensor) -> None:
        at = rows_of(call, args[0])
        if fresh:
            read(at, fresh.pop(), k.flatten(2))
        elif at.queries and call.asking and call.asking[0][0] is layer:
            read(*in_queries(at, call.asking[0][1], k.flatten(2)))

    return [
        getattr(attention, layer.queries).register_forward_hook(remember),
        getattr(attention, layer.keys).register_forward_hook(both),
    ]


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
