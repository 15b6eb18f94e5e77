"""The text encoder with gradients: the host's own modules, run without in-place additions.

ComfyUI's `CLIPEncoder` adds in place, which autograd refuses. This forward computes the same
(a test compares them).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(q k^T / sqrt(d) + mask) v, written out: for heads this small it trains several
    times faster on the CPU than the fused kernel. Shapes (B, H, tokens, d)."""
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    return (scores if mask is None else scores + mask).softmax(-1) @ v


def build(rows: int) -> Any:
    """The host's CLIP text model whose embedding table has only ``rows`` rows."""
    import comfy.clip_model
    import comfy.ops

    from .network import TEXT, TEXT_WIDTH

    model = comfy.clip_model.CLIPTextModel(
        dict(TEXT), torch.float32, torch.device("cpu"), comfy.ops.disable_weight_init
    )
    model.text_model.embeddings.token_embedding = nn.Embedding(rows, TEXT_WIDTH)
    return model


def _attention(layer: Any, x: Tensor) -> Tensor:
    b, t, c = x.shape
    q, k, v = (
        project(x).view(b, t, layer.heads, -1).transpose(1, 2)
        for project in (layer.q_proj, layer.k_proj, layer.v_proj)
    )
    causal = torch.full((t, t), -torch.inf, device=x.device).triu_(1)
    mixed = attention(q, k, v, causal).to(x.dtype)
    return layer.out_proj(mixed.transpose(1, 2).reshape(b, t, c))


def states(model: Any, rows: Tensor) -> Tensor:
    """Rows of the small embedding table (B, 77) -> conditioning (B, 77, width)."""
    text = model.text_model
    x = text.embeddings.token_embedding(rows) + text.embeddings.position_embedding.weight
    for layer in text.encoder.layers:
        x = x + _attention(layer.self_attn, layer.layer_norm1(x))
        x = x + layer.mlp(layer.layer_norm2(x))
    return text.final_layer_norm(x)
