"""Which rows of a call of a U-Net or a transformer belong to which tagged prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from ...hrv.families.family import Family
from ...hrv.families.registry import family_of
from ..prompts.tag import Prompt, tagged_prompt
from .hooks import Call, Group, PromptRows, Run
from .options import RUN, TABLE
from .transformer.joint import JointAttention


def present_prompt(entry: dict[str, Any], run: Run) -> Prompt | None:
    """The tagged prompt of a sampler's conditioning; None where Conditioning Zero Out took it."""
    prompt, embedding = tagged_prompt(entry), entry.get("cross_attn")
    gone = prompt and embedding is not None and run.is_empty(embedding)
    return None if gone else prompt


def own_prompt(entry: dict[str, Any], run: Run) -> Prompt | None:
    """The prompt whose own embedding a prepared conditioning has, if it is tagged.

    The host clones the prompt of an area into the other list, with that list's own embedding:
    the clone keeps the tag, but is no prompt of ours.
    """
    prompt, context = present_prompt(entry, run), entry.get("model_conds", {}).get("c_crossattn")
    own = prompt and context is not None and context.cond is entry.get("cross_attn")
    return prompt if own else None


def own_prompts(
    entries: Iterable[dict[str, Any]], family: Family | None, run: Run
) -> Iterator[tuple[dict[str, Any], Prompt]]:
    """Each conditioning of a list with the tagged prompt whose own embedding it has.

    Some transformers make a new context of an embedding, so that the two cannot be compared. But
    the host gives every conditioning a context of its own, and appends clones to the very list
    whose contexts they take: a clone is what comes second to a context in its list.
    """
    seen: set[int] = set()
    for entry in entries:
        context = entry.get("model_conds", {}).get("c_crossattn")
        first = context is not None and id(context) not in seen
        seen.add(id(context))
        prompt = own_prompt(entry, run) if family is None else present_prompt(entry, run)
        if prompt is not None and (first or family is None):
            yield entry, prompt


def note_prompts(
    model: Any, conds: Any, transformer_options: dict[str, Any]
) -> dict[tuple[int, Any], Group]:
    """Which (list index, uuid) of the conditionings is which tagged prompt."""
    table: dict[tuple[int, Any], Group] = {}
    family = family_of(model.diffusion_model)
    run: Run = transformer_options.get(RUN) or Run()
    for index, entries in enumerate(conds):
        own = {entry["uuid"]: prompt for entry, prompt in own_prompts(entries or (), family, run)}
        for entry in entries or ():
            context = entry.get("model_conds", {}).get("c_crossattn")
            if context is None:
                continue
            length, embedding = context.cond.shape[1], entry.get("cross_attn")
            shift = 0
            if family is not None and family.pads_left and embedding is not None:
                shift = length - embedding.shape[1]
            members = _prompt_rows(own.get(entry["uuid"]), length, shift)
            behind = run.behind.get(id(embedding), ()) if context.cond is embedding else ()
            table[index, entry["uuid"]] = Group(length, members, behind)
    return table


def _prompt_rows(prompt: Prompt | None, length: int, shift: int) -> tuple[PromptRows | None, ...]:
    """The rows of a prompt, or of each member of a pair, which has a length of its own."""
    if prompt is None:
        return (None,)
    if not prompt.members:
        return (PromptRows(prompt.id, length, shift=shift, doubled=prompt.doubled),)
    return tuple(
        PromptRows(own.id, _own_length(own), prompt.id, member, doubled=own.doubled)
        for member, own in enumerate(prompt.members)
    )


def _own_length(prompt: Prompt) -> int:
    return prompt.tables[0].length * (2 if prompt.doubled else 1)


def describe(
    unet: Any, options: dict[str, Any], x: torch.Tensor, context: torch.Tensor | None
) -> Call | None:
    """The call as the hooks see it, or None where no tagged prompt takes part."""
    table: dict[tuple[int, Any], Group] = options.get(TABLE, {})
    keys = zip(options.get("cond_or_uncond", ()), options.get("uuids", ()), strict=False)
    run: Run = options.get(RUN) or Run()
    if context is None:
        return None
    groups = tuple(table.get(key, Group(context.shape[1])) for key in keys)
    if not groups or not (run.sought or any(g.behind or any(g.members) for g in groups)):
        return None
    layers, heads = run.layers(unet)
    rows, tokens = context.shape[:2]
    images = rows // len(groups)
    firsts = range(0, rows, images)
    return Call(
        layers=layers,
        heads=heads,
        prompt_rows=tuple(one for group in groups for one in group.members),
        spans=tuple(
            slice(first + member, first + images, len(group.members))
            for first, group in zip(firsts, groups, strict=True)
            for member in range(len(group.members))
        ),
        rows=rows,
        tokens=tokens,
        sigma=float(options["sigmas"].flatten()[0]),
        x=x,
        unet=unet,
        run=run,
        joint=_joint(unet, tokens),
        context=context,
        groups=groups if family_of(unet) is None else (),
        behind=tuple(
            (one, slice(first, first + images, 1))
            for first, group in zip(firsts, groups, strict=True)
            for one in group.behind
        ),
    )


def _joint(model: Any, tokens: int) -> JointAttention | None:
    """The joint attentions of a transformer that has such; None for other models."""
    family = family_of(model)
    if family is None or not family.joint:
        return None
    return JointAttention(family, family.text_length(model, tokens))
