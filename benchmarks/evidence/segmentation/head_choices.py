"""Which heads are compared: most, least and at random, of all heads and of one map size alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ....hrv.head_choice import Order, head_order
from ....hrv.heads import HeadTable
from ....hrv.maps import LayerMaps
from ...framework.map_sizes import heads_by_size

ALL = "all sizes"
CHOSEN = 23
"""Percent of the heads in the headline: the paper's 30 of 128."""
SHARES = (5, 10, CHOSEN, 40, 60, 80)
"""Percent of all heads; of one map size `CHOSEN` alone."""
DRAWS = 20
"""Random choices at `CHOSEN` percent; of them `FEWER` at the other shares, for the curve."""
FEWER = 5
MOST: Order = "MoRHF"
LEAST: Order = "LeRHF"


@dataclass(frozen=True)
class Heads:
    """A choice of heads, (H,) bool.

    scope: `ALL` or a map size, of whose heads it takes `percent`; vector: what they are ordered by,
    "" for none; order: MoRHF, LeRHF, random; draw: number of a random choice.
    """

    scope: str
    vector: str
    order: str
    percent: int
    chosen: Tensor
    draw: int = 0


def named(size: tuple[int, int]) -> str:
    """A map size in words."""
    return f"{size[0]} x {size[1]}"


def head_choices(
    vectors: Mapping[str, Tensor], word: list[LayerMaps], heads: HeadTable
) -> Iterator[Heads]:
    """Every choice; vectors: name -> signed or voted relevance (H,) of the object's concept."""
    every = torch.ones(len(heads), dtype=torch.bool)
    yield Heads(ALL, "", "all", 100, every)
    yield from _of(ALL, every, vectors, SHARES)
    for size, mine in heads_by_size(word, heads).items():
        yield Heads(named(size), "", "all", 100, mine)
        yield from _of(named(size), mine, vectors, (CHOSEN,))


def _of(
    scope: str, mine: Tensor, vectors: Mapping[str, Tensor], shares: Sequence[int]
) -> Iterator[Heads]:
    """Choices among the heads `mine` (H,) bool."""
    for percent in shares:
        count = max(1, round(int(mine.sum()) * percent / 100))
        for name, vector in vectors.items():
            for order in (MOST, LEAST):
                chosen = _first(head_order(vector, order), mine, count)
                yield Heads(scope, name, order, percent, chosen)
        for draw in range(DRAWS if percent == CHOSEN else FEWER):
            order_drawn = head_order(torch.zeros(len(mine)), "random", seed=draw)
            chosen = _first(order_drawn, mine, count)
            yield Heads(scope, "", "random", percent, chosen, draw)


def _first(order: Tensor, mine: Tensor, count: int) -> Tensor:
    """The first `count` heads of an order that are among `mine`, (H,) bool."""
    chosen = torch.zeros(len(mine), dtype=torch.bool)
    chosen[order[mine[order]][:count]] = True
    return chosen
