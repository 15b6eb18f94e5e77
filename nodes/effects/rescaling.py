"""r in the maps of tokens while a gradient is taken: M diag(r) V = M (r V), image by image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import torch
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import token_factors
from ...hrv.heads import CrossAttentionLayer
from ..host.hooks import Call, layer_name
from ..host.layers import on_values

Positions = Mapping[str, tuple[int, ...]]
"""Prompt id -> positions of its tokens whose maps are rescaled."""


def rescale_maps(
    call: Call, r: torch.Tensor, positions: Positions, label: str
) -> Iterator[RemovableHandle]:
    """Rescales the tokens' maps in every layer of this call; r (I, H) may be a variable.

    label: who asks, for messages. ValueError in the call where the rows are not its own.
    """
    for layer in call.layers:
        factors = partial(_factors, layer, r, positions)
        yield from on_values(call, layer, factors, partial(_missed, layer, label))


def _factors(
    layer: CrossAttentionLayer,
    r: torch.Tensor,
    positions: Positions,
    call: Call,
    _device: torch.device,
) -> torch.Tensor:
    """Factors (rows, tokens, heads) of a layer: r at the prompts' positions, 1 elsewhere."""
    own = r[:, call.heads.span(layer.stage, layer.layer)]
    factors = own.new_ones(call.rows, call.tokens, layer.heads)
    for prompt, rows in call.tagged():
        mine = positions.get(prompt.prompt_id)
        if mine is not None:
            placed = [position + prompt.shift for position in mine]
            factors[rows] = token_factors(call.tokens, placed, own, prompt.length)
    return factors


def _missed(layer: CrossAttentionLayer, label: str) -> None:
    raise ValueError(
        f"{label} cannot reach {layer_name(layer)}: another node changes the number of "
        f"rows inside the model. Connect {label} to a model without that node."
    )
