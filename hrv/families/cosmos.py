"""Anima and Cosmos-Predict2: cross-attention of its own, as in a U-Net."""

from __future__ import annotations

from dataclasses import replace

from .family import Family

COSMOS = Family(
    name="Cosmos-Predict2",
    classes=frozenset({"MiniTrainDIT"}),
    blocks=(("block", "blocks"),),
    attention="cross_attn",
    heads="n_heads",
    values="v_proj",
    queries="q_norm",
    keys="k_norm",
    projected="k_proj",
    patch="patch_spatial",
)
# Built alike, but another text encoder: other heads may matter.
ANIMA = replace(COSMOS, name="Anima", classes=frozenset({"Anima"}))
