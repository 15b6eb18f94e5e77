"""r in the maps of tokens while a gradient is taken: M diag(r) V = M (r V), image by image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import scale_value_rows, token_factors
from ...hrv.heads import CrossAttentionLayer
from ..host.hooks import Call

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
        if values.shape[0] != call.rows or values.shape[1] < call.tokens:
            raise ValueError(
                f"{label} cannot reach {layer.stage} layer {layer.layer}: another node changes the "
                f"number of rows inside the model. Connect {label} to a model without that node."
            )
        factors = own.new_ones(*values.shape[:2], layer.heads)
        for prompt, rows in call.tagged():
            mine = positions.get(prompt.prompt_id)
            if mine is not None:
                factors[rows, : call.tokens] = token_factors(call.tokens, mine, own, prompt.length)
        return scale_value_rows(values, factors)

    return rescale
