"""r in the maps of tokens while a gradient is taken: M diag(r) V = M (r V), image by image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import token_factors
from ...hrv.heads import CrossAttentionLayer
from ..host.hooks import Call
from ..host.layers import layer_name, rescaled_values

Positions = Mapping[str, tuple[int, ...]]
"""Prompt id -> positions of its tokens whose maps are rescaled."""


def rescale_maps(
    call: Call, r: torch.Tensor, positions: Positions, label: str
) -> Iterator[RemovableHandle]:
    """Rescales the tokens' maps in every layer of this call; r (I, H) may be a variable.

    label: who asks, for messages. ValueError in the call where the rows are not its own.
    """
    for layer in call.layers:
        rescale = _rescaler(call, layer, r, positions, label)
        yield layer.attention.to_v.register_forward_hook(rescale)


def _rescaler(
    call: Call, layer: CrossAttentionLayer, r: torch.Tensor, positions: Positions, label: str
) -> Callable[..., torch.Tensor]:
    own = r[:, call.heads.span(layer.stage, layer.layer)]

    def rescale(_module: Any, _args: Any, values: torch.Tensor) -> torch.Tensor:
        factors = own.new_ones(call.rows, call.tokens, layer.heads)
        for prompt, rows in call.tagged():
            mine = positions.get(prompt.prompt_id)
            if mine is not None:
                factors[rows] = token_factors(call.tokens, mine, own, prompt.length)
        scaled = rescaled_values(call, values, factors)
        if scaled is None:
            raise ValueError(
                f"{label} cannot reach {layer_name(layer)}: another node changes the number of "
                f"rows inside the model. Connect {label} to a model without that node."
            )
        return scaled

    return rescale
