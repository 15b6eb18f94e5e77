"""Which prompts are sampled between two savings, in a shard of a run, and when enough are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ...hrv.construct.records import RunRecord
from .settings import Batching

CHECKED = 20  # images between two looks at the agreement


def shard_groups(prompts: int, batching: Batching, shard: tuple[int, int] = (1, 1)) -> list[range]:
    """Prompt numbers of a shard (number from 1, of how many), those of a saving together."""
    unit = 1 if batching.exact else batching.size
    units = -(-prompts // unit)
    number, count = shard
    if not 1 <= number <= count:
        raise ValueError(f"Shards are numbered 1/{count} to {count}/{count}; found {number}.")
    first, last = units * (number - 1) // count * unit, units * number // count * unit
    last = min(last, prompts)
    starts = range(first, last, batching.size)
    return [range(start, min(start + batching.size, last)) for start in starts]


def uncounted(record: RunRecord, groups: Sequence[range], batching: Batching) -> list[range]:
    """What of the groups is not counted yet: single prompts, or whole groups that share calls."""
    counted = record.counted
    groups = [group for group in groups if not counted[group.start : group.stop].all()]
    if not batching.exact:
        return groups
    return [range(n, n + 1) for group in groups for n in group if not counted[n]]


def cut_for_looks(groups: Sequence[range], prompts: int, batching: Batching) -> list[range]:
    """Groups that end wherever the agreement is looked at."""
    if not batching.exact:
        return list(groups)
    ends = sorted({0, *(group.stop for group in groups), *range(0, prompts, CHECKED)})
    return [range(a, b) for a, b in pairwise(ends)]


def settled(record: RunRecord, first: int, stop_at: float, batching: Batching) -> bool:
    """Whether the prompts before `first` suffice: halves that agree by `stop_at` (cosine) or more.

    Asked at fixed numbers only, so that a run ends at the same prompt however it is cut.
    """
    interval = CHECKED
    if not batching.exact:
        interval = -(-CHECKED // batching.size) * batching.size
    if first == 0 or first % interval or record.done != first:
        return False
    return float(record.agreement().cosine.min()) >= stop_at
