"""Qwen-Image and its editing models: text and image in two streams."""

from __future__ import annotations

from .family import Family

QWEN_IMAGE = Family(
    name="Qwen-Image",
    classes=frozenset({"QwenImageTransformer2DModel"}),
    blocks=(("double", "transformer_blocks"),),
    attention="attn",
    heads="heads",
    streams=True,
)
