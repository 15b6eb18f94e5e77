"""Which heads are compared: most, least and at random, of all heads and of one map size alone."""

from __future__ import annotations

from collections.abc import Iterator
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


def by_relevance(
    name: str, vector: Tensor, word: list[LayerMaps], heads: HeadTable
) -> Iterator[Heads]:
    """The most and the least relevant; vector (H,): voted or signed, of the object's concept."""
    for scope, mine, percent, count in _wanted(word, heads):
        for order in (MOST, LEAST):
            chosen = _first(head_order(vector, order), mine, count)
            yield Heads(scope, name, order, percent, chosen)


def by_no_vector(word: list[LayerMaps], heads: HeadTable) -> Iterator[Heads]:
    """All heads, all of a map size, and as many as by relevance at random."""
    for scope, mine in _scopes(word, heads).items():
        yield Heads(scope, "", "all", 100, mine)
    for scope, mine, percent, count in _wanted(word, heads):
        for draw in range(DRAWS if percent == CHOSEN else FEWER):
            order = head_order(torch.zeros(len(mine)), "random", seed=draw)
            yield Heads(scope, "", "random", percent, _first(order, mine, count), draw)


def _scopes(word: list[LayerMaps], heads: HeadTable) -> dict[str, Tensor]:
    """All heads, then those of each map size, (H,) bool."""
    sizes = {named(size): mine for size, mine in heads_by_size(word, heads).items()}
    return {ALL: torch.ones(len(heads), dtype=torch.bool), **sizes}


def _wanted(word: list[LayerMaps], heads: HeadTable) -> Iterator[tuple[str, Tensor, int, int]]:
    """(scope, its heads, percent, how many those are)."""
    for scope, mine in _scopes(word, heads).items():
        for percent in SHARES if scope == ALL else (CHOSEN,):
            yield scope, mine, percent, max(1, round(int(mine.sum()) * percent / 100))


def _first(order: Tensor, mine: Tensor, count: int) -> Tensor:
    """The first `count` heads of an order that are among `mine`, (H,) bool."""
    chosen = torch.zeros(len(mine), dtype=torch.bool)
    chosen[order[mine[order]][:count]] = True
    return chosen
