"""Krea 2: one stream of text and image, behind a transformer of the text's layers."""

from __future__ import annotations

from typing import Any

import torch

from .family import Family
from .stream import Embedded, Stream


def _embed(model: Any, words: Stream) -> Embedded:
    """Each word through the transformer of the text by itself; text is not numbered."""
    rows = []
    for tokens, _places in words.words():
        context = tokens[None].unflatten(-1, (model.txtlayers, model.txtdim))
        rows.append(model.txtmlp(model.txtfusion(context)))
    every = torch.cat(rows, dim=1)
    ids = torch.zeros(1, every.shape[1], 3, device=every.device)
    return Embedded(every, model.pe_embedder(ids), 2)


KREA2 = Family(
    name="Krea 2",
    classes=frozenset({"SingleStreamDiT"}),
    blocks=(("block", "blocks"),),
    attention="attn",
    heads="heads",
    patch="patch",
    embed=_embed,
    where="txtfusion",
)
