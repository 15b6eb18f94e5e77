"""A cross-attention layer as hooks see it: its name in messages, and its queries and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.heads import CrossAttentionLayer


def layer_name(layer: CrossAttentionLayer) -> str:
    """Such as "down layer 3", for messages."""
    return f"{layer.stage} layer {layer.layer}"


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
