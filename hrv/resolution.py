"""The resolution at which each cross-attention layer of a U-Net works, by the model's structure.

The U-Net halves the latent's sides by convolutions of stride 2 with padding, which make ceil(n / 2)
of n; ceil(ceil(n / 2) / 2) is ceil(n / 4), so that a side depends on the divisor alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from torch import nn

from .heads import CrossAttentionLayer

Size = tuple[int, int]
"""(height, width) in latent pixels or in pixels of an image."""


def side(length: int, divisor: int) -> int:
    """A side of the latent as a layer sees it: divided, and rounded up as the U-Net rounds."""
    return ceil(length / divisor)


def side_after(length: int, halved: int) -> int:
    """A side of the latent after so many halvings."""
    return side(length, 2**halved)


def layer_size(latent: Size, pixels: int) -> Size | None:
    """(h, w) of a layer with `pixels` queries: the latent halved until it fits.

    None where no halving fits.
    """
    h, w = latent
    while h * w > pixels:
        h, w = side(h, 2), side(w, 2)
    return (h, w) if h * w == pixels else None


def replaced_pixels(height: int, width: int, divisor: int) -> int:
    """The most pixels a layer may have to be replaced: the latent's sides over `divisor`.

    4 is the published rule of Prompt-to-Prompt, 16 x 16 of the 64 x 64 latent of a 512 x 512 image.
    """
    return side(height, divisor) * side(width, divisor)


def halvings(unet: nn.Module, layers: Sequence[CrossAttentionLayer]) -> tuple[int, ...]:
    """For each layer, how often the latent's sides are halved before it."""
    level, levels = 0, dict[tuple[str, int], int]()
    for number, block in enumerate(_blocks(unet, "input_blocks")):
        level += _holds(block, "Downsample")
        levels["input", number] = level
    levels["middle", 0] = level
    for number, block in enumerate(_blocks(unet, "output_blocks")):
        levels["output", number] = level  # a block enlarges after its attention
        level -= _holds(block, "Upsample")
    return tuple(levels[layer.block] for layer in layers)


def _blocks(unet: nn.Module, name: str) -> Iterable[nn.Module]:
    return iter(getattr(unet, name, ()))


def _holds(block: nn.Module, kind: str) -> bool:
    """Whether a block changes the resolution, by a module of its own or inside a residual one."""
    inside = (getattr(child, "h_upd", child) for child in block.children())
    return any(type(module).__name__ == kind for module in inside)
