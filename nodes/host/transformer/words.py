"""Words encoded alone, as a transformer is given them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ....hrv.families.registry import family_of
from ....hrv.heads import CrossAttentionLayer


def own_context(
    model: Any, embedding: torch.Tensor, options: Mapping[str, Any], x: torch.Tensor
) -> torch.Tensor:
    """The context (1, T, width) that the host makes of a conditioning, for latents like x.

    Some models make another one of it than the text encoder's.
    """
    given = {"width": x.shape[-1] * 8, "height": x.shape[-2] * 8, "prompt_type": "positive"}
    given |= {**options, "device": x.device, "noise": x, "cross_attn": embedding}
    context: torch.Tensor = model.extra_conds(**given)["c_crossattn"].cond
    return context


def keys_of(model: Any, layer: CrossAttentionLayer, tokens: torch.Tensor) -> torch.Tensor:
    """A cross-attention's keys (K, h*d), as they are compared, of tokens (K, width) of contexts."""
    family = family_of(model)
    if family is None:
        keys: torch.Tensor = layer.attention.to_k(tokens)
        return keys
    return family.keys_of(model, layer, tokens)
