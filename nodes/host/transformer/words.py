"""Concept-words as a transformer is given them: keys of cross-attention, or a stream beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ....hrv.families.registry import family_of
from ....hrv.families.stream import Embedded, Stream, put_back, stream_rows, without
from ....hrv.heads import CrossAttentionLayer
from .attention import Attention

ReadWords = Callable[[torch.Tensor, torch.Tensor], None]
"""read(q, k): queries of the image (B, h, N, d) and keys of the words (B, h, K, d) in a layer."""


def own_context(
    model: Any, embedding: torch.Tensor, options: Mapping[str, Any], x: torch.Tensor
) -> torch.Tensor:
    """The context (1, T, width) that the host makes of a conditioning, for latents like x.

    Some models make another one of it than the text encoder's.
    """
    given = {"width": x.shape[-1] * 8, "height": x.shape[-2] * 8, "prompt_type": "positive"}
    given |= {**options, "device": x.device, "noise": x, "cross_attn": embedding}
    context: torch.Tensor = model.extra_conds(**given)["c_crossattn"].cond
    return context.to(x.device, model.get_dtype_inference())


def stream_of(
    model: Any, tokens: torch.Tensor, counts: Sequence[int], places: Sequence[int]
) -> Stream:
    """The words beside a prompt, for the host's `model`; see `Stream`."""
    network = model.diffusion_model
    stream, family = Stream(tokens, tuple(counts), tuple(places)), family_of(network)
    if family is None or family.embed is None:
        return stream
    return replace(stream, embedded=family.embed(network, stream))


def inserted(
    blocks: Sequence[torch.nn.Module], text: int, words: Embedded
) -> list[RemovableHandle]:
    """Puts words behind `text` rows into the first block, and takes them out after the last."""
    rows = slice(text, text + words.rows.shape[1])

    def enters(block: torch.nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        x, mask, rotations, *rest = args
        if block is blocks[0]:
            x = put_back(rows, x, words.rows.to(x).expand(len(x), -1, -1), 1)
        own = words.rotations.to(rotations)
        own = own.expand(len(rotations), *own.shape[1:])
        return (x, mask, put_back(rows, rotations, own, words.dim), *rest)

    def leaves(_block: torch.nn.Module, _args: Any, x: torch.Tensor) -> torch.Tensor:
        return without(rows, x, 1)

    handles = [block.register_forward_pre_hook(enters) for block in blocks]
    return [*handles, blocks[-1].register_forward_hook(leaves)]


def keys_of(model: Any, layer: CrossAttentionLayer, tokens: torch.Tensor) -> torch.Tensor:
    """A cross-attention's keys (K, h*d), as they are compared, of tokens (K, width) of contexts."""
    family = family_of(model)
    if family is None:
        keys: torch.Tensor = layer.attention.to_k(tokens)
        return keys
    return family.keys_of(model, layer, tokens)


def beside(stream: Stream, asked: Attention, text: int, read: ReadWords) -> torch.Tensor | None:
    """A joint attention with the words beside it, which `read` is given; text: the prompt's rows.

    None where it is not one of text and image.
    """
    rows = stream_rows(text, len(stream.tokens), asked.q.shape[2])
    if rows is None:
        return None
    words, image = rows
    rest = replace(
        asked,
        q=without(words, asked.q, 2),
        k=without(words, asked.k, 2),
        v=without(words, asked.v, 2),
    )
    own = replace(
        asked,
        q=asked.q[:, :, words].contiguous(),
        k=torch.cat([asked.k[:, :, words], asked.k[:, :, image]], dim=2),
        v=torch.cat([asked.v[:, :, words], asked.v[:, :, image]], dim=2),
        mask=stream.mask(asked.q, image.stop - image.start),
    )
    read(asked.q[:, :, image], asked.k[:, :, words])
    dim = 2 if asked.more.get("skip_output_reshape") else 1
    return put_back(words, rest.whole(), own.whole(), dim)
