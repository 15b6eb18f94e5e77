"""Flux.1, Flux.2 and Chroma: text and image in two streams, then in one."""

from __future__ import annotations

from dataclasses import replace

from .family import Family

FLUX = Family(
    name="Flux.1",
    classes=frozenset({"Flux"}),
    blocks=(("double", "double_blocks"), ("single", "single_blocks")),
    attention="",
    heads="num_heads",
    where="vector_in",
    streams=True,
    kin="LongCat-Image or Ovis-Image",
)
FLUX2 = replace(FLUX, name="Flux.2", where="params.global_modulation", pads_left=True, kin="")
# Newer ones of Radiance number the rows of their text where nothing reaches the numbers.
CHROMA = replace(
    FLUX,
    name="Chroma",
    classes=frozenset({"Chroma", "ChromaRadiance"}),
    where="",
    kin="",
    unless="params.use_sequential_txt_ids",
)
