"""Wan 2.1 and 2.2: cross-attention of its own, over all frames."""

from __future__ import annotations

from .family import Family

# What an image-to-video model reads of its first frame has keys and values of its own.
WAN = Family(
    name="Wan",
    classes=frozenset({"WanModel"}),
    blocks=(("block", "blocks"),),
    attention="cross_attn",
    heads="num_heads",
    values="v",
    queries="norm_q",
    keys="norm_k",
    projected="k",
    text="text_embedding",
    refused=("reference_latent", "time_dim_concat", "context_latents"),
)
