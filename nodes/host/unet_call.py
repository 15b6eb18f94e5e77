"""Which rows of a call of a U-Net or a transformer belong to which tagged prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from ...hrv.families.family import Family
from ...hrv.families.registry import family_of
from ..prompts.tag import Prompt, tagged_prompt
from .hooks import Call, PromptRows, Run
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
    executor: Any, model: Any, conds: Any, x: torch.Tensor, timestep: Any, model_options: Any
) -> Any:
    """Wraps CALC_COND_BATCH: notes which (list index, uuid) is which tagged prompt."""
    table: dict[tuple[int, Any], tuple[PromptRows, ...]] = {}
    family = family_of(model.diffusion_model)
    given = model_options.get("transformer_options", {})
    run: Run = given.get(RUN) or Run()
    for index, entries in enumerate(conds):
        for entry, prompt in own_prompts(entries or (), family, run):
            length = entry["model_conds"]["c_crossattn"].cond.shape[1]
            shift = 0
            if family is not None and family.pads_left:
                shift = length - entry["cross_attn"].shape[1]
            table[index, entry["uuid"]] = _prompt_rows(prompt, length, shift)
    options = {**given, TABLE: table}
    model_options = {**model_options, "transformer_options": options}
    return executor(model, conds, x, timestep, model_options)


def _prompt_rows(prompt: Prompt, length: int, shift: int) -> tuple[PromptRows, ...]:
    """The rows of a prompt, or of each member of a pair, which has a length of its own."""
    if not prompt.members:
        return (PromptRows(prompt.id, length, shift=shift),)
    return tuple(
        PromptRows(own.id, own.tables[0].length, pair_id=prompt.id, member=member)
        for member, own in enumerate(prompt.members)
    )


def describe(
    unet: Any, options: dict[str, Any], x: torch.Tensor, context: torch.Tensor | None
) -> Call | None:
    """The call as the hooks see it, or None where no tagged prompt takes part."""
    table = options.get(TABLE, {})
    keys = zip(options.get("cond_or_uncond", ()), options.get("uuids", ()), strict=False)
    groups = [table.get(key, (None,)) for key in keys]
    prompt_rows = tuple(one for group in groups for one in group)
    if context is None or not any(prompt_rows):
        return None
    run: Run = options.get(RUN) or Run()
    layers, heads = run.layers(unet)
    rows, tokens = context.shape[:2]
    images = rows // len(groups)
    spans = tuple(
        slice(number * images + member, (number + 1) * images, len(group))
        for number, group in enumerate(groups)
        for member in range(len(group))
    )
    return Call(
        layers=layers,
        heads=heads,
        prompt_rows=prompt_rows,
        spans=spans,
        rows=rows,
        tokens=tokens,
        sigma=float(options["sigmas"].flatten()[0]),
        x=x,
        unet=unet,
        run=run,
        joint=_joint(unet, tokens),
    )


def _joint(model: Any, tokens: int) -> JointAttention | None:
    """The joint attentions of a transformer that has such; None for other models."""
    family = family_of(model)
    if family is None or not family.joint:
        return None
    return JointAttention(family, family.text_length(model, tokens))
