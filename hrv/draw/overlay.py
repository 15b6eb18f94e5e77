"""Heat laid over images."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d

from ..text.untrusted import require_number

COLOURS = ("inferno", "turbo", "viridis", "gray")


def colour_map(heat: Tensor, colours: str = COLOURS[0]) -> Tensor:
    """Heat (I, height, width) in 0..1 -> image (I, height, width, 3) in 0..1."""
    from matplotlib import colormaps

    table = torch.tensor(colormaps[colours].resampled(256)(range(256)), dtype=torch.float32)
    levels = (heat.clamp(0, 1) * 255).round().long().cpu()
    return table[levels, :3]


def overlay(image: Tensor, heat: Tensor, colours: str = COLOURS[0], opacity: float = 0.7) -> Tensor:
    """Heat over an image (I, height, width, 3) in 0..1: hot places coloured, cold ones darker.

    The image loses its own colours where the heat covers it, so that the heat's are readable.
    """
    shade = heat.clamp(0, 1)[..., None].cpu()
    grey = image.mean(dim=-1, keepdim=True)
    require_number("opacity", opacity)
    base = torch.lerp(image, grey, 0.7 * opacity) * (1 - 0.6 * opacity)
    return torch.lerp(base, colour_map(heat, colours), opacity * shade**1.5)


def outlined(image: Tensor, mask: Tensor, width: int = 1) -> Tensor:
    """The image with a white line of `width` pixels around the mask (I, height, width) bool."""
    inside = mask.float()[:, None]
    grown = max_pool2d(inside, 2 * width + 1, stride=1, padding=width)
    line = ((grown - inside)[:, 0] > 0)[..., None]
    return torch.where(line.cpu(), torch.ones_like(image), image)


def resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    """A image (I, h, w, 3) at another size, smoothly."""
    channels_first = image.movedim(-1, 1)
    grown = interpolate(channels_first, size=size, mode="bicubic", antialias=True)
    return grown.movedim(1, -1).clamp(0, 1)
