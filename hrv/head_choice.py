"""Which heads: the most or least relevant to a concept, or stages, layers and heads by name.

H: cross-attention heads of the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor

from .heads import HeadId, HeadTable, Stage
from .relevance import HeadRelevance

Order = Literal["MoRHF", "LeRHF", "random"]

_RANGE = r"\*|\d+(?:-\d+)?"
_ITEM = re.compile(rf"(down|mid|up|d|m|u)({_RANGE})?(?:\.({_RANGE}))?", re.IGNORECASE)
_STAGES: dict[str, Stage] = {"d": "down", "m": "mid", "u": "up"}


def head_order(vector: Tensor, order: Order, seed: int = 0) -> Tensor:
    """Head numbers (H,) int64 in order of weakening (HRV, section 4).

    MoRHF: most relevant first, ties in table order; LeRHF: its exact reverse; random: by seed.
    """
    if vector.ndim != 1:
        raise ValueError(f"Expected one HRV of shape (heads,); found {tuple(vector.shape)}.")
    if order == "random":
        generator = torch.Generator().manual_seed(seed)
        return torch.randperm(len(vector), generator=generator)
    most_relevant_first = torch.argsort(vector, descending=True, stable=True)
    if order == "MoRHF":
        return most_relevant_first
    if order == "LeRHF":
        return most_relevant_first.flip(0)
    raise ValueError(f"Order must be MoRHF, LeRHF or random; found {order!r}.")


def first_heads(vector: Tensor, order: Order, count: int) -> Tensor:
    """The first `count` heads of an order of the HRV `vector` (H,), as (H,) bool.

    ValueError if there are not that many, or none is wanted.
    """
    if not 1 <= count <= len(vector):
        raise ValueError(
            f"The model has {len(vector)} heads, so choose 1 to {len(vector)} of them; "
            f"found {count}."
        )
    chosen = torch.zeros(len(vector), dtype=torch.bool)
    chosen[head_order(vector, order)[:count]] = True
    return chosen


def top_heads(relevance: HeadRelevance, concept: str, k: int = 10) -> list[tuple[HeadId, float]]:
    """The `k` most relevant heads of a concept with their HRV entries, most relevant first."""
    heads = len(relevance.heads)
    if not 1 <= k <= heads:
        raise ValueError(f"The model has {heads} heads, so 1 to {heads} can be listed; found {k}.")
    row = relevance.row(concept)
    return [(relevance.heads[i], float(row[i])) for i in head_order(row, "MoRHF")[:k].tolist()]


def named_heads(text: str, heads: HeadTable) -> Tensor:
    """Read 'u0-3.*, d4.2-5, m' to (H,) bool: stage, layers, then heads after a dot.

    d, m and u (or down, mid, up); a number, a range or * for all; what is left out means all.
    ValueError names what the model has where an item asks for more.
    """
    chosen = torch.zeros(len(heads), dtype=torch.bool)
    items = [item for item in re.split(r"[,;\s]+", text) if item]
    if not items:
        raise ValueError("Name some heads, such as: u0-3.*, d4.2-5, m")
    for item in items:
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(
                f"{item!r} names no heads. Write a stage (d, m or u), then layers, then a dot "
                "and heads: u0-3.* or d4.2-5 or m"
            )
        stage = _STAGES[match[1][0].lower()]
        for layer, count in _layers(item, stage, match[2], heads):
            numbers = _numbers(item, match[3], count, f"{stage} layer {layer}", "heads")
            start = heads.span(stage, layer).start
            chosen[[start + number for number in numbers]] = True
    return chosen


def _layers(
    item: str, stage: Stage, wanted: str | None, heads: HeadTable
) -> Iterable[tuple[int, int]]:
    """(layer, its number of heads) of one item."""
    counts = [count for p, _, count in heads.layers if p == stage]
    if not counts:
        raise ValueError(f"{item!r}: {heads.description} has no heads in '{stage}'.")
    return [(n, counts[n]) for n in _numbers(item, wanted, len(counts), stage, "layers")]


def _numbers(item: str, wanted: str | None, count: int, where: str, what: str) -> range:
    """The numbers a range means among 0 .. count - 1."""
    if wanted is None or wanted == "*":
        return range(count)
    first, _, last = wanted.partition("-")
    start, stop = int(first), int(last or first)
    if start > stop or stop >= count:
        raise ValueError(f"{item!r}: {where} has {what} 0 to {count - 1}; found {wanted}.")
    return range(start, stop + 1)
