"""What hooks act on must reach the layers: told before the first step, not after the last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ...prompts.tag import Prompt
from ..hooks import Call, Hook, Run, layer_name
from .rows import rows_of


class Reached:
    """Whether each layer of a call reads the hooks' prompts, the first time that it has them."""

    def __init__(self, call: Call, hooks: Sequence[Hook[Any]]) -> None:
        here = {prompt.prompt_id for prompt, _ in call.everywhere()} - call.run.met
        self._call = call
        self._new = {one: label for one, label in _wanted(hooks).items() if one in here}
        self._read: dict[str, set[str]] = {}
        self._hosts: set[str] = set()

    def attach(self) -> Iterable[RemovableHandle]:
        """Hook the layers, where there is something to find out."""
        if not (self._new or {*self._call.run.sought} - self._call.run.met):
            return
        for layer in self._call.layers:
            values: Any = getattr(layer.attention, layer.values)
            yield values.register_forward_pre_hook(partial(self._note, layer_name(layer)))

    def require(self) -> None:
        """ValueError where a layer did not read a prompt, or none has run."""
        for prompt, label in self._new.items():
            if not self._read:
                raise ValueError(f"{label} {_NOT_RUN}")
            for layer, ids in self._read.items():
                if prompt not in ids:
                    raise ValueError(f"{label} cannot act in {layer}: {_NOT_READ}")
        self._call.run.met |= {*self._new}

    def _note(self, layer: str, _module: Any, args: Any) -> None:
        call, x, again = self._call, args[0], layer in self._read
        at = rows_of(call, x)
        ids = {prompt.prompt_id for prompt, _ in at.everywhere()}
        if again and at is call and x is not call.context:
            ids.clear()  # rows of text that is not known, if as many
        if layer in self._hosts:  # what the host projected first is not what is used
            self._hosts.remove(layer)
            self._read.pop(layer)
        elif at is call and not again:
            self._hosts.add(layer)
        self._read.setdefault(layer, set()).update(ids)
        call.run.met |= ids & {*call.run.sought}


def may_come(prompt: Prompt, options: Mapping[str, Any], conds: Mapping[str, Any]) -> bool:
    """Whether another pack may bring in a prompt that no conditioning has: a region's."""
    replaced = options.get("patches_replace", {}).get("attn2")
    patched = options.get("patches", {}).get("attn2_patch") or replaced
    entries = (entry for some in conds.values() for entry in some or ())
    return prompt.embedding is not None and bool(patched or any("hooks" in e for e in entries))


def listed(conds: Mapping[str, Any]) -> set[Any]:
    """What the host tells the conditionings of a sampler apart by."""
    return {entry.get("uuid") for entries in conds.values() for entry in entries or ()}


def note_evaluated(
    run: Run, hooks: Sequence[Hook[Any]], conds: Sequence[Any], sigma: torch.Tensor
) -> None:
    """ValueError after an evaluation of these conditionings, where a prompt can no longer come.

    Which is so once all have been evaluated, or those of another noise level after the first: a
    sampler may evaluate one by one, and leave one out.
    """
    if not {*run.sought} - run.met:
        return
    entries = [entry for some in conds for entry in some or ()]
    run.ranges |= any("timestep_start" in entry or "timestep_end" in entry for entry in entries)
    run.unread -= {entry.get("uuid") for entry in entries}
    level = float(sigma.flatten()[0])
    run.first = level if run.first is None else run.first
    if not run.unread or level != run.first:
        require_met(run, hooks)


def require_met(run: Run, hooks: Sequence[Hook[Any]]) -> None:
    """ValueError where a prompt has not come; one that has a range of its own may come later."""
    if run.first is None or run.ranges:
        return
    for prompt, label in _wanted(hooks).items():
        if prompt in run.sought and prompt not in run.met:
            raise ValueError(absent(label, run.sought[prompt]))


def absent(label: str, prompt: Prompt) -> str:
    """That a sampler does not have the prompt that a node works with."""
    return (
        f"{label} works with the prompt “{prompt.text}”, but this sampler does not use it. Connect "
        "the same HRV Prompt to both. (Conditioning Average keeps only the words of "
        "conditioning_to.)"
    )


def _wanted(hooks: Sequence[Hook[Any]]) -> dict[str, str]:
    """The ids of all prompts that hooks ask for, and the first who does."""
    asked = [(one, hook.label) for hook in hooks for one in hook.prompts()]
    each = [(own.id, label) for one, label in asked for own in (one.members or (one,))]
    return dict(reversed(each))


_NOT_RUN = (
    "cannot act: the model ran without its attention layers, compiled or replaced as a whole "
    "(TensorRT, for example). Remove the node that does so, or the HRV nodes from this model."
)
_NOT_READ = (
    "another node on this model gives that layer rows of text in which its prompt cannot be found "
    "again. Remove that node, or the HRV nodes from this model."
)
