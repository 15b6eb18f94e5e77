"""Rows of text compared by direction: what other packs repeat, halve or weigh is known again."""

from __future__ import annotations

from collections.abc import Sequence

import torch

NEAR = 2e-5
"""Squared distance of two tokens' directions that are the same: bfloat16 rounds to 1e-6."""


def directions(x: torch.Tensor) -> torch.Tensor:
    """x (..., C) in float32, each token at unit length; one of zeros stays as it is."""
    return torch.nn.functional.normalize(x.float(), dim=-1)


def leading(x: torch.Tensor, known: Sequence[torch.Tensor]) -> list[list[int]]:
    """With how many tokens of each of the directions (L, C), repeated, rows of x (R, T, C) begin.

    Directions are compared: another pack may multiply rows by a strength, NegPip by -1.
    """
    rows = directions(x)
    counts = [_leading(rows, one.to(x.device)) for one in known]
    found: list[list[int]] = torch.stack(counts).tolist() if counts else []
    return found


def _leading(rows: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    tokens = torch.arange(rows.shape[1], device=rows.device) % len(known)
    near = (rows - known[tokens]).square().sum(dim=-1) <= NEAR
    return near.cumprod(dim=1).sum(dim=1)
