"""The text encoders of transformers: whose tokens the context has, and where words stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...hrv.text.pieces.placed import (
    Piece,
    PlacedTable,
    own_tokens,
    piece_bytes,
    placed_table,
    reads_sentences,
)

# Encoders of a CLIP -> the one whose tokens the context has, one row each. The others of these give
# a pooled vector, or a context that the model turns into one of the first's tokens (Anima).
_READ = {
    frozenset({"t5xxl"}): "t5xxl",
    frozenset({"l", "t5xxl"}): "t5xxl",
    frozenset({"qwen3_06b", "t5xxl"}): "t5xxl",
    frozenset({"qwen3_4b"}): "qwen3_4b",
    frozenset({"qwen3_8b"}): "qwen3_8b",
    frozenset({"qwen25_7b"}): "qwen25_7b",
    frozenset({"qwen3vl_4b"}): "qwen3vl_4b",
    frozenset({"gemma2_2b"}): "gemma2_2b",
    frozenset({"umt5xxl"}): "umt5xxl",
}

_FROM_START = {"t5xxl", "umt5xxl"}
"""Encoders that keep all rows; the others may drop those of their template."""
_ANIMA = "qwen3_06b"
"""The encoder whose rows Anima's adapter turns into one for each token of T5."""


def context_table(clip: Any, tokens: dict[str, Any]) -> PlacedTable | None:
    """The table of the encoder whose tokens the context has; None for CLIPs of U-Nets and others.

    tokens: the host's tokenizer result.
    """
    name = _READ.get(frozenset(tokens))
    if name is None:
        return None
    encoder = getattr(clip.tokenizer, name, None) or getattr(clip.tokenizer, f"clip_{name}")
    ids = _ids(tokens[name])
    own = own_tokens(ids, _ids(clip.tokenize("")[name]), encoder.pad_token)
    sentences = reads_sentences(encoder.inv_vocab.values())
    pieces = [_piece(encoder, position, ids[position], sentences) for position in own]
    table = placed_table(len(ids), pieces, from_end=name not in _FROM_START)
    return replace(table, remade=_ANIMA in tokens)


def ignores_weights(clip: Any) -> bool:
    """Whether an encoder of transformers takes the brackets of (word:1.3) for text."""
    tokens = clip.tokenize("(a:2)")
    weights = {entry[1] for chunks in tokens.values() for chunk in chunks for entry in chunk}
    return frozenset(tokens) in _READ and weights == {1.0}


def _ids(chunks: Any) -> list[Any]:
    return [entry[0] for chunk in chunks for entry in chunk]


def _piece(encoder: Any, position: int, token: Any, sentences: bool) -> Piece:
    if not isinstance(token, int):
        return position, None
    return position, piece_bytes(encoder.inv_vocab.get(token, ""), sentences)
