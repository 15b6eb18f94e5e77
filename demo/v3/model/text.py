"""The text encoder's size, and its small table of known words."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

TEXT_WIDTH = 128
TEXT: dict[str, Any] = {
    "hidden_act": "quick_gelu",
    "hidden_size": TEXT_WIDTH,
    "intermediate_size": 4 * TEXT_WIDTH,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "max_position_embeddings": 77,
    "vocab_size": 49408,
    "eos_token_id": 49407,
    "layer_norm_eps": 1e-5,
    "projection_dim": TEXT_WIDTH,
}


def build(rows: int) -> Any:
    """The host's CLIP text model whose embedding table has only ``rows`` rows."""
    import comfy.clip_model
    import comfy.ops

    model = comfy.clip_model.CLIPTextModel(
        dict(TEXT), torch.float32, torch.device("cpu"), comfy.ops.disable_weight_init
    )
    model.text_model.embeddings.token_embedding = nn.Embedding(rows, TEXT_WIDTH)
    return model
