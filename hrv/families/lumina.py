"""NextDiT, of which Z-Image and Lumina 2 are made: one stream of text and image."""

from __future__ import annotations

from typing import Any

import torch

from .family import Family
from .stream import Embedded, Stream


def _embed(model: Any, words: Stream) -> Embedded:
    """Each word through the context refiner by itself; the host counts text from 1."""
    rows, rotations = [], []
    for tokens, places in words.words():
        ids = torch.zeros(1, len(places), 3, device=tokens.device)
        ids[..., 0] = places + 1.0
        own = model.rope_embedder(ids).movedim(1, 2)
        row = model.cap_embedder(tokens[None])
        for block in model.context_refiner:
            row = block(row, None, own)
        rows.append(row)
        rotations.append(own)
    return Embedded(torch.cat(rows, dim=1), torch.cat(rotations, dim=1), 1)


# Its reference images have contexts of their own in front of the prompt's, and with those goes
# another template around the prompt, also where there is no VAE to encode the images.
LUMINA = Family(
    name="NextDiT (Z-Image, Lumina 2)",
    classes=frozenset({"NextDiT", "NextDiTPixelSpace"}),
    blocks=(("block", "layers"),),
    attention="attention",
    heads="n_local_heads",
    embed=_embed,
    padded_to="pad_tokens_multiple",
    refused=("ref_latents", "ref_contexts"),
)
