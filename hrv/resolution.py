"""The resolution at which each cross-attention layer of a U-Net works, by the model's structure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import nn

from .heads import CrossAttentionLayer

Size = tuple[int, int]


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


def side_after(side: int, halved: int) -> int:
    """A side of the latent after so many halvings, each rounded up as by a stride-2 convolution."""
    for _ in range(halved):
        side = (side + 1) // 2
    return side


def _blocks(unet: nn.Module, name: str) -> Iterable[nn.Module]:
    return iter(getattr(unet, name, ()))


def _holds(block: nn.Module, kind: str) -> bool:
    """Whether a block changes the resolution, by a module of its own or inside a residual one."""
    inside = (getattr(child, "h_upd", child) for child in block.children())
    return any(type(module).__name__ == kind for module in inside)
