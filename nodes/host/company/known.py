"""What rows of text may be in a call of a U-Net: its own conditionings, and prompts of regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from ..hooks import Call, Group, Known, PromptRows
from .alike import directions


def group_rows(call: Call) -> Iterator[tuple[Group, range]]:
    """Each conditioning of a call with its rows."""
    images = call.rows // len(call.groups)
    for number, group in enumerate(call.groups):
        yield group, range(number * images, (number + 1) * images)


def known_rows(call: Call) -> list[Known]:
    """All that its layers may be given to read, and the halves of what CLIP NegPip has doubled.

    Put together when the call is first asked.
    """
    if not call.known:
        whole = [*_of_conditionings(call), *_of_regions(call)]
        call.known.extend(one for each in whole for one in (each, *_halves(each)))
    return call.known


def _of_conditionings(call: Call) -> Iterator[Known]:
    context = _context(call)
    parts = [
        (group, prompt, tuple(rows[member :: len(group.members)]))
        for group, rows in group_rows(call)
        for member, prompt in enumerate(group.members)
    ]
    alike = iter(_alike(context, [rows for _, _, rows in parts]))
    for group, prompt, _ in parts:
        own = () if prompt is None else (prompt,)
        for same in next(alike):
            yield Known(directions(context[same[0], : group.length]), own, group.behind, same)


def _of_regions(call: Call) -> Iterator[Known]:
    context = _context(call)
    for prompt in call.run.sought.values():
        if prompt.embedding is not None:
            own = directions(prompt.embedding[0].to(context.device, context.dtype))
            yield Known(own, (PromptRows(prompt.id, len(own), doubled=prompt.doubled),))


def _alike(context: torch.Tensor, parts: Sequence[tuple[int, ...]]) -> list[list[tuple[int, ...]]]:
    """The rows of each part as one where all read the same, else one by one.

    All are compared at once, since a GPU is waited for each time that something is asked of it.
    """
    first = {row: rows[0] for rows in parts for row in rows}
    same = torch.stack([(context[row] == context[one]).all() for row, one in first.items()])
    own = dict(zip(first, same.tolist(), strict=True))
    return [[rows] if all(own[row] for row in rows) else [(row,) for row in rows] for rows in parts]


def _context(call: Call) -> torch.Tensor:
    assert call.context is not None  # of a U-Net's call
    return call.context


def _halves(whole: Known) -> Iterator[Known]:
    """Every second row: the keys of doubled prompts, and their values."""
    prompts = (*whole.own, *whole.behind)
    if len(whole.directions) % 2 == 0 and all(one.doubled for one in prompts):
        own, behind = (tuple(map(_halved, some)) for some in (whole.own, whole.behind))
        for half in (whole.directions[0::2], whole.directions[1::2]):
            yield Known(half, own, behind, whole.rows)


def _halved(prompt: PromptRows) -> PromptRows:
    return replace(prompt, length=prompt.length // 2, shift=prompt.shift // 2, doubled=False)
