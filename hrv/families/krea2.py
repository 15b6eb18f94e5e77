"""Krea 2: one stream of text and image, behind a transformer of the text's layers."""

from __future__ import annotations

from .family import Family

KREA2 = Family(
    name="Krea 2",
    classes=frozenset({"SingleStreamDiT"}),
    blocks=(("block", "blocks"),),
    attention="attn",
    heads="heads",
    patch="patch",
    where="txtfusion",
)
