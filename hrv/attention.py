"""Cross-attention as pure functions: rescaled value rows, and maps of a few tokens.

B: batch rows; N: query pixels; T: context tokens; h: heads; d: channels per head.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def token_factors(length: int, positions: Sequence[int], r: Tensor, own_length: int) -> Tensor:
    """Factors (length, h): r (h,) at the target tokens, 1 elsewhere.

    The host repeats a shorter context to the longest one of a batch, so a target token i of a
    context of own_length tokens comes again at i + own_length, i + 2 * own_length ...; every
    copy gets r. Factors of several steers multiply. ValueError for a position outside the
    context.
    """
    outside = [p for p in positions if not 0 <= p < own_length]
    if outside:
        raise ValueError(f"Token positions must lie in 0..{own_length - 1}; found {outside}.")
    own = torch.arange(length, device=r.device) % own_length
    target = torch.isin(own, torch.tensor(list(positions), dtype=own.dtype, device=r.device))
    return torch.where(target[:, None], r, torch.ones_like(r))


def scale_value_rows(v: Tensor, factors: Tensor) -> Tensor:
    """Rescale the attention maps of HRV (section 4) on the value side: M diag(s) V = M (s V).

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
    q: Tensor, k: Tensor, heads: int, positions: Sequence[int], chunk: int = 1024
) -> Tensor:
    """Attention maps softmax(Q K^T / sqrt(d)) of a few tokens, normalised over all T keys.

    q (B, N, h*d), k (B, T, h*d) -> (B, h, N, len(positions)) float32. Queries are taken `chunk`
    at a time, so that the full map (B, h, N, T) never exists. Differentiable.
    """
    q_heads = q.unflatten(-1, (heads, -1)).transpose(1, 2).float()  # B N hd -> B h N d
    k_heads = k.unflatten(-1, (heads, -1)).transpose(1, 2).float()
    keys = k_heads.transpose(-1, -2) * q_heads.shape[-1] ** -0.5
    columns = torch.tensor(list(positions), dtype=torch.long, device=q.device)
    parts = []
    for rows in q_heads.split(chunk, dim=2):
        logits = rows @ keys
        log_total = logits.logsumexp(dim=-1, keepdim=True)
        parts.append((logits.index_select(-1, columns) - log_total).exp())
    return torch.cat(parts, dim=2)
