"""Whose the rows are that a cross-attention layer reads, where another pack has changed them.

Attention couples repeat a prompt's rows by region and add those of other prompts, or project
prompts of their own; CLIP NegPip takes every second row for the keys and the others for the values.
Nothing in the call tells of it but the rows themselves, which are compared with what the prompts
were encoded to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import torch

from ..hooks import Call, Known, Placed, PromptRows
from .alike import leading
from .known import group_rows, known_rows

_Table = dict[PromptRows, list[int]]
"""The rows of each prompt."""


def rows_of(call: Call, x: torch.Tensor) -> Call:
    """The call as a layer sees it that projects the rows x (R, T, C).

    It is `call` itself where they are the call's own, or changed but as many, so that each is still
    in its place. ValueError where prompts cannot be told apart.
    """
    if x is call.context or not call.groups:
        found = call
    elif call.found and call.found[0][0] is x:
        found = call.found[0][1] or call
    else:
        with torch.no_grad():
            found = _found(call, x)
        # the call in itself would be a cycle, which keeps all it has
        call.found[:] = [(x, None if found is call else found)]
    if any(prompt.doubled for prompt, _ in found.everywhere()):
        raise ValueError(_DOUBLED)
    return found


def in_queries(
    at: Call, q: torch.Tensor, k: torch.Tensor
) -> tuple[Call, torch.Tensor, torch.Tensor]:
    """The call, queries and keys row by row, where all of `at.queries` read each row of the keys.

    Which they do where a pack projects each prompt once, for all images of a conditioning.
    """
    images, each = list(at.queries), len(at.queries)
    own = {one: list(_of(range(at.rows)[span], each)) for one, span in at.tagged()}
    wide = _with(at, own, {}, at.rows * each)
    return wide, q[images].repeat(at.rows, 1, 1), k.repeat_interleave(each, dim=0)


def _of(rows: Iterable[int], each: int) -> Iterable[int]:
    return (row * each + image for row in rows for image in range(each))


def _found(call: Call, x: torch.Tensor) -> Call:
    known = known_rows(call)
    counts = leading(x, [one.directions for one in known])
    turns: Counter[tuple[int, ...]] = Counter()
    own, behind, asking = _Table(), _Table(), set[int]()
    tokens = x.shape[1]
    for row in range(len(x)):
        fits = _which(known, [count[row] for count in counts], row if len(x) == call.rows else -1)
        if fits:
            n = fits[turns[fits] % len(fits)]  # a pair's rows alternate, repeated ones too
            turns[fits] += 1
            length = len(known[n].directions)
            tokens = min(tokens, counts[n][row] // length * length)
            asking.update(known[n].rows)
            for table, prompts in ((own, known[n].own), (behind, known[n].behind)):
                for prompt in prompts:
                    table.setdefault(prompt, []).append(row)
    if not (own or asking) and len(x) == call.rows and x.shape[1] >= call.tokens:
        return call
    queries = [tuple(rows) for _, rows in group_rows(call) if asking & {*rows}]
    found = _with(call, own, behind, len(x))
    return replace(found, tokens=tokens, queries=queries[0] if len(queries) == 1 else ())


def _which(known: Sequence[Known], counts: Sequence[int], place: int) -> tuple[int, ...]:
    """The number of what a row holds, by how many tokens it has of each; none if unknown.

    Two where the prompts of a pair are the same, and nothing tells which of them it is.
    """
    fits = [n for n, one in enumerate(known) if counts[n] >= len(one.directions)]
    most = max((counts[n] for n in fits), default=0)
    fits = [n for n in fits if counts[n] == most]
    fits = [n for n in fits if place in known[n].rows] or fits
    first = {known[n].member: n for n in reversed(fits)}
    if len({(known[n].whose, known[n].member[0]) for n in fits}) > 1:
        raise ValueError(_ALIKE)
    return tuple(sorted(first.values()))


def _with(call: Call, own: Mapping[PromptRows, Sequence[int]], behind: _Table, rows: int) -> Call:
    """The call with these prompts in so many rows."""
    mine, others = _spans(call, own), _spans(call, behind)
    return replace(
        call,
        prompt_rows=tuple(prompt for prompt, _ in mine),
        spans=tuple(span for _, span in mine),
        behind=tuple(others),
        rows=rows,
        found=[],
    )


def _spans(call: Call, table: Mapping[PromptRows, Sequence[int]]) -> list[Placed]:
    """The rows of each prompt as slices, each of as many as there are images of it."""
    images = len(call.x) // len(call.groups)
    found: list[Placed] = []
    for prompt, rows in table.items():
        step = 2 if prompt.pair_id else 1
        each = images // step
        for first in range(0, len(rows), each):
            found += [(prompt, span) for span in _slices(rows[first : first + each], step)]
    return found


def _slices(rows: Sequence[int], step: int) -> list[slice]:
    steps = {after - before for before, after in pairwise(rows)} or {step}
    if len(steps) == 1:
        return [slice(rows[0], rows[-1] + 1, steps.pop())]
    return [slice(row, row + 1, step) for row in rows]


_DOUBLED = (
    "This prompt was encoded by the CLIP output of CLIP NegPip, but the model is not the one that "
    "CLIP NegPip gave. Connect its MODEL output, too, or encode the prompt with the checkpoint's "
    "own CLIP."
)
_ALIKE = (
    "Another node on this model (an attention couple, for example) mixes prompts by region, and "
    "two of them have the same text, so that HRV nodes cannot tell which one to steer. Change a "
    "word of one of them, or use one HRV Prompt for both."
)
