"""Cross-attention as pure functions: rescaled value rows, and maps of a few tokens.

B: batch rows; N: query pixels; T: context tokens; h: heads; d: channels per head.

The host repeats a shorter context to the longest one of a batch: token i of a context of `own`
tokens comes again at i + own, i + 2 * own ... `repeated`, `copies` and `own_maps` are all that
knows of this.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

CHUNK_CPU, CHUNK_GPU = 2**18, 2**21
"""Probabilities formed at a time: what a CPU keeps near, and what fills a GPU (8 MB)."""
LONG = 512
"""Keys of the contexts that transformers are given, padded."""


def repeated(x: Tensor, length: int, dim: int = 0) -> Tensor:
    """x with its tokens, along `dim`, repeated to `length` as the host repeats a context."""
    if x.shape[dim] == length:
        return x
    return torch.cat([x] * -(-length // x.shape[dim]), dim).narrow(dim, 0, length)


def copies(positions: Sequence[int], own: int, length: int) -> list[int]:
    """Where the tokens at `positions` of `own` stand in `length`, one copy after the other."""
    every = (start + position for start in range(0, length, own) for position in positions)
    return [position for position in every if position < length]


def own_maps(maps: Tensor, tokens: int, length: int) -> Tensor:
    """The maps of a prompt's own tokens: (..., T) with T >= tokens -> (..., length).

    The maps of a token's copies among the first `tokens` add up to its own. Keys past `tokens`
    belong to other packs.
    """
    if maps.shape[-1] == length:
        return maps
    return maps[..., :tokens].unflatten(-1, (tokens // length, length)).sum(dim=-2)


def token_factors(length: int, positions: Sequence[int], r: Tensor, own_length: int) -> Tensor:
    """Factors (..., length, h): r (..., h) at every copy of the target tokens, 1 elsewhere.

    Factors of several steers multiply. ValueError for a position outside the context.
    """
    outside = [p for p in positions if not 0 <= p < own_length]
    if outside:
        raise ValueError(f"Token positions must lie in 0..{own_length - 1}; found {outside}.")
    target = torch.zeros(length, 1, dtype=torch.bool, device=r.device)
    target[copies(positions, own_length, length)] = True
    rows = r.unsqueeze(-2)
    return torch.where(target, rows, torch.ones_like(rows))


def scale_value_rows(v: Tensor, factors: Tensor) -> Tensor:
    """Rescale the attention maps of HRV (section 5) on the value side: M diag(s) V = M (s V).

    v (B, T, h*d) and factors (B, T, h) give a new tensor like v, its token rows multiplied head
    by head. The products are formed in the wider of the two dtypes.
    """
    heads = factors.shape[-1]
    if v.shape[:-1] != factors.shape[:-1] or v.shape[-1] % heads:
        raise ValueError(
            f"Value rows {tuple(v.shape)} do not fit factors {tuple(factors.shape)}; expected "
            "(batch, tokens, heads * channels) and (batch, tokens, heads)."
        )
    scaled = v.unflatten(-1, (heads, -1)) * factors.unsqueeze(-1)
    return scaled.flatten(-2).to(v.dtype)


def probabilities(
    q: Tensor, k: Tensor, heads: int, positions: Sequence[int], chunk: int = 0
) -> Tensor:
    """Attention maps softmax(Q K^T / sqrt(d)) of a few tokens, normalised over all T keys.

    q (B, N, h*d), k (B, T, h*d) -> (B, h, N, len(positions)) float32. Queries are taken `chunk`
    at a time (0: as many as CHUNK_CPU or CHUNK_GPU allows), so that the full map (B, h, N, T)
    need not exist. Differentiable.
    """
    queries = q.unflatten(-1, (heads, -1)).permute(0, 2, 3, 1)  # B N hd -> B h d N
    keys = k.unflatten(-1, (heads, -1)).transpose(1, 2).float()  # B T hd -> B h T d
    keys = keys * keys.shape[-1] ** -0.5
    runs = _runs(positions)
    most = CHUNK_CPU if q.device.type == "cpu" else CHUNK_GPU
    fitting = chunk or max(1, most // keys[..., 0].numel())
    parts = []
    for some in queries.split(fitting, dim=-1):
        maps = _softmax(keys @ some.float())  # tokens first: a token's map in one piece
        parts.append(torch.cat([maps[:, :, run] for run in runs], dim=2))
    return torch.cat(parts, dim=-1).transpose(-1, -2)


def _softmax(logits: Tensor) -> Tensor:
    """Softmax of (..., T, pixels) over T.

    torch's adds up one key after another, whose rounding is felt among hundreds of padded ones.
    """
    if logits.shape[-2] < LONG:
        return logits.softmax(dim=-2)
    weights = (logits - logits.detach().amax(dim=-2, keepdim=True)).exp()
    return weights / weights.sum(dim=-2, keepdim=True)


def full_maps(q: Tensor, k: Tensor, heads: int) -> Tensor:
    """M = softmax(Q K^T / sqrt(d)) of all tokens, (B, h, N, T) in float32 or wider.

    q (B, N, h*d), k (B, T, h*d). Differentiable.
    """
    wide = torch.promote_types(q.dtype, torch.float32)
    queries, keys = (t.to(wide).unflatten(-1, (heads, -1)).transpose(1, 2) for t in (q, k))
    return torch.softmax(queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5, dim=-1)


def _runs(positions: Sequence[int]) -> list[slice]:
    """Positions as slices, which are taken without an index tensor on the device."""
    runs = [slice(0, 0)]
    for position in positions:
        if position == runs[-1].stop:
            runs[-1] = slice(runs[-1].start, position + 1)
        else:
            runs.append(slice(position, position + 1))
    return runs
