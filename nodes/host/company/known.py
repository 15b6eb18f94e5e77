"""What rows of text may be in a call of a U-Net: its own conditionings, and prompts of regions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from ..hooks import Call, Group, PromptRows


@dataclass(frozen=True)
class Known:
    """An embedding (L, C) and the prompts in it, its own and those behind it.

    rows: of the call that have it; none for a prompt that no conditioning has.
    """

    embedding: torch.Tensor
    own: tuple[PromptRows, ...] = ()
    behind: tuple[PromptRows, ...] = ()
    rows: tuple[int, ...] = ()

    @property
    def whose(self) -> frozenset[str]:
        """The ids of all prompts in it."""
        return frozenset(one.prompt_id for one in (*self.own, *self.behind))


def group_rows(call: Call) -> Iterator[tuple[Group, range]]:
    """Each conditioning of a call with its rows."""
    images = call.rows // len(call.groups)
    for number, group in enumerate(call.groups):
        yield group, range(number * images, (number + 1) * images)


def known_rows(call: Call) -> list[Known]:
    """All that its layers may be given to read, and the halves of what CLIP NegPip has doubled."""
    whole = [*_of_conditionings(call), *_of_regions(call)]
    return [one for each in whole for one in (each, *_halves(each))]


def _of_conditionings(call: Call) -> Iterator[Known]:
    for group, rows in group_rows(call):
        for member, prompt in enumerate(group.members):
            mine = tuple(rows[member :: len(group.members)])
            own = () if prompt is None else (prompt,)
            for same in _alike(call, mine):
                embedding = _context(call)[same[0], : group.length]
                yield Known(embedding, own, group.behind, same)


def _of_regions(call: Call) -> Iterator[Known]:
    for prompt in call.run.sought.values():
        if prompt.embedding is not None:
            embedding = prompt.embedding[0]
            yield Known(embedding, (PromptRows(prompt.id, len(embedding), doubled=prompt.doubled),))


def _alike(call: Call, rows: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The rows as one where all read the same, else one by one."""
    context = _context(call)
    one = all(torch.equal(context[row], context[rows[0]]) for row in rows[1:])
    return [rows] if one else [(row,) for row in rows]


def _context(call: Call) -> torch.Tensor:
    assert call.context is not None  # of a U-Net's call
    return call.context


def _halves(whole: Known) -> Iterator[Known]:
    """Every second row: the keys of doubled prompts, and their values."""
    prompts = (*whole.own, *whole.behind)
    if len(whole.embedding) % 2 == 0 and all(one.doubled for one in prompts):
        own, behind = (tuple(map(_halved, some)) for some in (whole.own, whole.behind))
        for half in (whole.embedding[0::2], whole.embedding[1::2]):
            yield Known(half, own, behind, whole.rows)


def _halved(prompt: PromptRows) -> PromptRows:
    return replace(prompt, length=prompt.length // 2, shift=prompt.shift // 2, doubled=False)
