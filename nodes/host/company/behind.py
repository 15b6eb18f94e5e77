"""Prompts that Conditioning Concat put behind others, which keep their rows but not their tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch

from ...prompts.tag import Prompt
from ..hooks import PromptRows


def prompts_behind(
    conds: Mapping[str, Any], prompts: Iterable[Prompt]
) -> dict[int, tuple[PromptRows, ...]]:
    """By the id of an embedding in a sampler's conditionings: which of the prompts stand behind."""
    wanted = list({prompt.id: prompt for prompt in prompts}.values())
    table: dict[int, tuple[PromptRows, ...]] = {}
    for entry in (entry for entries in conds.values() for entry in entries or ()):
        embedding = entry.get("cross_attn")
        if embedding is not None and len(embedding) == 1:
            table[id(embedding)] = tuple(
                PromptRows(prompt.id, embedding.shape[1], shift=shift, doubled=prompt.doubled)
                for prompt in wanted
                for shift in _places(embedding, prompt)
            )
    return table


def _places(embedding: torch.Tensor, prompt: Prompt) -> Iterator[int]:
    """Where a prompt's own embedding begins in another one (1, T, C)."""
    own = prompt.embedding
    if own is None or len(own) != 1 or own.shape[2] != embedding.shape[2]:
        return
    length, inside = own.shape[1], embedding.to(own.device)
    begins = (inside[0, 1:] == own[0, 0]).all(dim=-1).nonzero().flatten() + 1
    for first in begins.tolist():
        if torch.equal(inside[:, first : first + length], own):
            yield first
