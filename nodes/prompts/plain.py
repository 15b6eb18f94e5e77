"""Prompts as diffusers encodes them: no weight syntax, no embeddings, cut at one chunk."""

from __future__ import annotations

from typing import Any

CHUNK = 77


def plain_tokens(clip: Any, text: str) -> dict[str, list[list[tuple[int, float]]]]:
    """The host's kind of tokenizer result, one chunk per text encoder, every weight 1.

    start, the first 75 tokens of `text` read literally, end, padding: what the code of arXiv
    2412.02237 feeds its encoders. `clip.tokenize` instead reads brackets as weights and continues
    a long prompt in another chunk.
    """
    return {name: [_chunk(clip, name, text)] for name in clip.tokenize("")}


def _chunk(clip: Any, name: str, text: str) -> list[tuple[int, float]]:
    encoder = getattr(clip.tokenizer, f"clip_{name}")
    body = encoder.tokenizer(text)["input_ids"][1:-1][: CHUNK - 2]
    ids = [encoder.start_token, *body, encoder.end_token]
    return [(token, 1.0) for token in ids + [encoder.pad_token] * (CHUNK - len(ids))]
