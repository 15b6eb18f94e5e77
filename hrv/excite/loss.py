"""Attend-and-Excite (arXiv 2301.13826) and A&E-HRV (arXiv 2412.02237, section 5.3, appendix F).

Both move the latent until every chosen token is attended to somewhere. Each follows its published
code where paper and code differ, and every function is differentiable.
I: images; C: concepts; h: heads of a layer; H: heads of the model; N: query pixels; T: tokens of
the prompt; y, x: the size of the maps that are compared; K: chosen tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from ..resolution import Size

Kernel = Literal["gaussian", "wide"]
_SHARPNESS = 100.0


@dataclass(frozen=True)
class ChosenToken:
    """A token that must be attended to: its position in the prompt, and its row of the weights."""

    position: int
    row: int


@dataclass(frozen=True)
class Smoothing:
    """The 3 x 3 kernel that token maps are smoothed with, and its sigma."""

    kernel: Kernel
    sigma: float


def attention_maps(q: Tensor, k: Tensor, heads: int, tokens: int, length: int) -> Tensor:
    """M = softmax(Q K^T / sqrt(d)), (I, h, N, length) in float32 or wider.

    q (I, N, h*d), k (I, n, h*d) with n >= tokens keys, of which those past `tokens` belong to
    other packs. The prompt's own `length` tokens come tokens / length times; the maps of the
    copies add up to that of the token.
    """
    wide = torch.promote_types(q.dtype, torch.float32)
    queries, keys = (t.to(wide).unflatten(-1, (heads, -1)).transpose(1, 2) for t in (q, k))
    maps = torch.softmax(queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5, dim=-1)
    return maps[..., :tokens].unflatten(-1, (tokens // length, length)).sum(dim=-2)


def weighted_mean(maps: Tensor, weights: Tensor) -> Tensor:
    """Sum over a layer's heads of w_h M_h: maps (I, h, N, T), weights (C, h) -> (I, C, N, T).

    HRV, section 5.3: with w = h[concept] / H the sum over all layers is the relevance-weighted
    mean. Equal weights that sum to 1 give the plain mean of Attend-and-Excite.
    """
    return torch.einsum("ihnt,ch->icnt", maps, weights.to(maps))


def blur_width(length: int, target: int) -> int:
    """Taps of the blur before a side of `length` shrinks to `target`: length / target + 1, odd.

    HRV, appendix F: 9, 5, 3 for 64, 32, 16 to 8; 1, no blur, where nothing shrinks.
    """
    taps = round(length / target) + 1
    return 1 if length <= target else taps + 1 - taps % 2


def blur_sigma(width: int) -> float:
    """sigma = 0.3 ((width - 1) / 2 - 1) + 0.8 (HRV, appendix F: 1.7, 1.1, 0.8 for 9, 5, 3)."""
    return 0.3 * ((width - 1) / 2 - 1) + 0.8


def kernel_row(width: int, sigma: float, kernel: Kernel = "gaussian") -> Tensor:
    """One side of a separable kernel, (width,), sum 1.

    gaussian: exp(-x^2 / (2 sigma^2)), as in A&E-HRV's code; wide: exp(-(x / (2 sigma))^2), as in
    Attend-and-Excite's, a Gaussian of sqrt(2) sigma.
    """
    x = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    row = torch.exp(-(x**2) / (2 * sigma**2 if kernel == "gaussian" else 4 * sigma**2))
    return row / row.sum()


def blurred(maps: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Separable convolution of maps (..., y, x) with kernels over y and over x, reflected edges."""
    kernel = torch.outer(rows, columns).to(maps)
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    above, beside = len(rows) // 2, len(columns) // 2
    padded = pad(flat, (beside, beside, above, above), mode="reflect")
    return conv2d(padded, kernel[None, None]).reshape(maps.shape)


def resized(maps: Tensor, size: Size) -> Tensor:
    """R(M): maps (..., y, x) brought to `size` by a Gaussian blur and bicubic interpolation.

    HRV, appendix F. A map of that size already stays as it is.
    """
    if maps.shape[-2:] == size:
        return maps
    widths = [blur_width(*sides) for sides in zip(maps.shape[-2:], size, strict=True)]
    if max(widths) > 1:
        rows, columns = (kernel_row(width, blur_sigma(width)) for width in widths)
        maps = blurred(maps, rows, columns)
    flat = maps.reshape(1, -1, *maps.shape[-2:])
    fitted = interpolate(flat, size=size, mode="bicubic", align_corners=False)
    return fitted.reshape(*maps.shape[:-2], *size)


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


def smoothed(maps: Tensor, smoothing: Smoothing | None) -> Tensor:
    """3 x 3 smoothing of maps (..., y, x); unchanged without one. Attend-and-Excite, section 3."""
    if smoothing is None:
        return maps
    row = kernel_row(3, smoothing.sigma, smoothing.kernel)
    return blurred(maps, row, row)


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


def step_size(step: int, steps: int, scale: float, start: float, end: float) -> float:
    """eta_i = scale sqrt(linspace(start, end, steps)_i), by published code 20 sqrt(1 to 0.5)."""
    share = step / (steps - 1) if steps > 1 else 0.0
    return scale * float(start + (end - start) * share) ** 0.5
