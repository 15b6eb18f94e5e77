"""The loss of Attend-and-Excite (arXiv 2301.13826) and of A&E-HRV (arXiv 2412.02237, section 5.3).

Each follows its published code where paper and code differ, and every function is differentiable.
I: images; C: concepts; h: heads of a layer; H: heads of the model; N: query pixels; T: tokens of
the prompt; y, x: the size of the maps that are compared; K: chosen tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..resolution import Size
from .filters import Smoothing, resized, smoothed
from .words import ChosenToken

_SHARPNESS = 100.0


def weighted_mean(maps: Tensor, weights: Tensor) -> Tensor:
    """Sum over a layer's heads of w_h M_h: maps (I, h, N, T), weights (C, h) -> (I, C, N, T).

    HRV, section 5.3: with w = h[concept] / H the sum over all layers is the relevance-weighted
    mean. Equal weights that sum to 1 give the plain mean of Attend-and-Excite.
    """
    return torch.einsum("ihnt,ch->icnt", maps, weights.to(maps))


def layer_part(maps: Tensor, weights: Tensor, shape: Size, size: Size) -> Tensor:
    """One layer's part of the averaged maps, (I, C, T, *size).

    maps (I, h, N, T) of a layer of `shape` pixels, weights (C, h). R is linear, so that the heads
    are summed before each concept's maps are resized once.
    """
    summed = weighted_mean(maps, weights).transpose(-1, -2).unflatten(-1, shape)
    return resized(summed, size)


def token_shares(averaged: Tensor, slots: Sequence[int]) -> Tensor:
    """P = softmax over the tokens `slots` of 100 A: (I, C, T, y, x) -> (I, C, slots, y, x).

    Attend-and-Excite, Algorithm 1: the start token is left out, and sharper softmax makes up.
    """
    columns = torch.tensor(list(slots), device=averaged.device)
    return torch.softmax(_SHARPNESS * averaged.index_select(2, columns), dim=2)


def strongest(
    averaged: Tensor,
    tokens: Sequence[ChosenToken],
    slots: Sequence[int],
    smoothing: Smoothing | None,
) -> Tensor:
    """s_k = max over pixels of the smoothed P_k, each token on its own concept's maps: (I, K).

    averaged (I, C, T, y, x). ValueError if a chosen token is not among `slots`.
    """
    places = {position: number for number, position in enumerate(slots)}
    missing = [token.position for token in tokens if token.position not in places]
    if missing:
        raise ValueError(f"Token positions {missing} are not in the token slice {list(slots)}.")
    shares = token_shares(averaged, slots)
    own = torch.stack([shares[:, token.row, places[token.position]] for token in tokens], dim=1)
    return smoothed(own, smoothing).amax(dim=(-2, -1))


def token_losses(s: Tensor) -> Tensor:
    """max(0, 1 - s_k), like s (I, K)."""
    return (1.0 - s).clamp(min=0.0)


def excite_loss(losses: Tensor) -> tuple[Tensor, Tensor]:
    """L = max_k max(0, 1 - s_k) of each image (I,), and the number of its weakest token (I,).

    Attend-and-Excite, equation 2; losses (I, K).
    """
    largest = losses.max(dim=1)
    return largest.values, largest.indices
