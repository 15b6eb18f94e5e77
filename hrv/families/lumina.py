"""NextDiT, of which Z-Image and Lumina 2 are made: one stream of text and image."""

from __future__ import annotations

from .family import Family

# Its reference images have contexts of their own in front of the prompt's, and with those goes
# another template around the prompt, also where there is no VAE to encode the images.
LUMINA = Family(
    name="NextDiT (Z-Image, Lumina 2)",
    classes=frozenset({"NextDiT", "NextDiTPixelSpace"}),
    blocks=(("block", "layers"),),
    attention="attention",
    heads="n_local_heads",
    padded_to="pad_tokens_multiple",
    refused=("ref_latents", "ref_contexts"),
)
