"""Rescaled maps where text and image attend jointly: a split of the queries.

In one sequence of text X, the image I that is made and reference images R, the rescaling of HRV
(arXiv 2412.02237, section 5) is

    A'[i, j] = s[j] A[i, j]   for i in I, j in X;   A' = A elsewhere;   A = softmax(QK^T / sqrt(d))

Rows of a softmax do not depend on one another, so that A' V is Attn(Q_I, K, diag(s) V) in the rows
of I and Attn(Q, K, V) in all others; maps are read in the rows of I. B: batch rows; h: heads; L:
length; T: tokens; d: channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Rows(NamedTuple):
    """Of a joint sequence: the pixels of the image that is made, and what stands around them."""

    target: slice
    others: tuple[slice, ...]


def joint_rows(text: int, length: int, references: Sequence[int] = ()) -> Rows | None:
    """The rows of a joint sequence of `length`: text first, reference images last.

    text, references: how many rows they take. None where no row is left for an image, as in an
    attention among text alone.
    """
    end = length - sum(references)
    if text >= end:
        return None
    others = (slice(0, text), slice(end, length))
    return Rows(slice(text, end), tuple(part for part in others if part.stop > part.start))


def scale_text_values(v: Tensor, factors: Tensor) -> Tensor:
    """diag(s) V: v (B, h, L, d), factors (B, T, h) of the first T <= L rows, a new tensor like v.

    The products are formed in the wider of the two dtypes.
    """
    tokens = factors.shape[1]
    scaled = v.clone()
    own = v[:, :, :tokens] * factors.transpose(1, 2).unsqueeze(-1)
    scaled[:, :, :tokens] = own.to(v.dtype)
    return scaled


def column_maps(q: Tensor, k: Tensor, sums: Tensor, scale: float) -> Tensor:
    """Columns exp(scale q k^T - sums) of a softmax over more keys, (B, h, N, n) float32.

    q (B, h, N, d); k (B, h, n, d) of the columns; sums (B, h, N), `log_sum_exp` of all keys.
    """
    logits = (q.float() * scale) @ k.float().transpose(-1, -2)
    return logits.sub_(sums.float().unsqueeze(-1)).exp_()


def log_sum_exp(q: Tensor, k: Tensor, scale: float) -> Tensor:
    """log sum_j exp(scale q_i k_j), (B, h, N) float32: q (B, h, N, d), k (B, h, L, d)."""
    return ((q.float() * scale) @ k.float().transpose(-1, -2)).logsumexp(dim=-1)


def one_hot(v: Tensor, columns: Sequence[int]) -> Tensor:
    """Values like v (B, h, L, d) with which attention gives its maps: A E = A[:, columns].

    At most d columns; the channels after them are 0.
    """
    values = torch.zeros_like(v)
    for channel, column in enumerate(columns):
        values[:, :, column, channel] = 1
    return values


def take_rows(x: Tensor, rows: Sequence[slice], dim: int) -> Tensor:
    """The rows of x along `dim`, one slice after the other."""
    parts = [x.narrow(dim, each.start, each.stop - each.start) for each in rows]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim)


def put_rows(target: Tensor, others: Tensor, rows: Rows, dim: int) -> Tensor:
    """The whole sequence along `dim`, of what was computed for the target and for the others."""
    before = rows.target.start
    behind = others.shape[dim] - before
    return torch.cat(
        [others.narrow(dim, 0, before), target, others.narrow(dim, before, behind)], dim
    )
