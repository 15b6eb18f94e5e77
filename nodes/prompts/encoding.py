"""A text as a CONDITIONING whose words can be found again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from ...hrv.text.pieces.placed import PlacedTable
from ...hrv.text.pieces.weights import Part, weighted_parts, weighted_words
from ...hrv.text.untrusted import require_whole_characters
from ..shared.notify import warn
from .encoders import ignores_weights
from .tag import Conditioning, read_prompt, tag


def encoded(clip: Any, text: str, node: str | None) -> Conditioning:
    """The text as CLIP Text Encode gives it, tagged with where its words are.

    node: the id of the node that asks. Weights such as (mouse:1.3) are taken out of the text where
    the encoder would take them for words, and kept in the tag. ValueError without a CLIP or for one
    of another kind.
    """
    require_clip(clip)
    require_whole_characters(text)
    parts = weighted_parts(text)
    if "".join(part.text for part in parts) != text and ignores_weights(clip):
        return _with_weights(clip, parts, identity(node, text))
    tokens = clip.tokenize(text)
    prompt = read_prompt(clip, tokens, text, identity(node, text))
    return tag(clip.encode_from_tokens_scheduled(tokens), prompt)


def _with_weights(clip: Any, parts: Sequence[Part], identity: str) -> Conditioning:
    plain = "".join(part.text for part in parts)
    tokens = clip.tokenize(plain)
    prompt = read_prompt(clip, tokens, plain, identity)
    tables = [table for table in prompt.tables if isinstance(table, PlacedTable)]
    marked = [replace(one, weights=weighted_words(parts, one.words)) for one in tables]
    warn(
        "HRV Prompt: this model's text encoder reads weights such as (mouse:1.3) as words, so they "
        "were taken out of the text. Word Weight with empty “words” applies them."
    )
    weighted = replace(prompt, tables=tuple(marked))
    return tag(clip.encode_from_tokens_scheduled(tokens), weighted)


def untagged(clip: Any, text: str) -> Conditioning:
    """The text as CLIP Text Encode gives it, for a prompt that nothing steers."""
    require_whole_characters(text)
    found: Conditioning = clip.encode_from_tokens_scheduled(clip.tokenize(text))
    return found


def read_alike(one: Conditioning, other: Conditioning) -> bool:
    """Whether the text encoder gave both, entry by entry, the same embedding."""
    return all(torch.equal(a, b) for (a, _), (b, _) in zip(one, other, strict=True))


def identity(node: str | None, text: str) -> str:
    """One identity per node id and text: two prompts with equal text stay apart."""
    return hashlib.sha256(f"{node}\n{text}".encode()).hexdigest()[:16]


def require_clip(clip: Any) -> None:
    """ValueError where a checkpoint without a text encoder gave no CLIP."""
    if clip is None:
        raise ValueError(
            "No CLIP: this checkpoint has no text encoder of its own. Load one with a CLIP loader "
            "and connect it."
        )
