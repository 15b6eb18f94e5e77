"""A text as a CONDITIONING whose words can be found again."""

from __future__ import annotations

import hashlib
from typing import Any

import torch

from .tag import Conditioning, read_prompt, tag


def encoded(clip: Any, text: str, node: str | None) -> Conditioning:
    """The text as CLIP Text Encode gives it, tagged with where its words are.

    node: the id of the node that asks. ValueError without a CLIP or for one of another kind.
    """
    require_clip(clip)
    tokens = clip.tokenize(text)
    prompt = read_prompt(clip, tokens, text, identity(node, text))
    return tag(clip.encode_from_tokens_scheduled(tokens), prompt)


def untagged(clip: Any, text: str) -> Conditioning:
    """The text as CLIP Text Encode gives it, for a prompt that nothing steers."""
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
