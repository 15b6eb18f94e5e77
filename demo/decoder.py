"""The demo model's autoencoder: linear encoder, small learned decoder.

The decoder starts from the linear decoding and adds what 48 components cannot hold: clean
edges, also where a generated latent is slightly off.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, silu

from .latent import CHANNELS, PatchLatent


class Residual(nn.Module):
    """x + conv(silu(conv(silu(x)))) at one resolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) -> the same shape."""
        return x + self.second(silu(self.first(silu(x))))


class Decoder(nn.Module):
    """Latents (B, 48, h, w) -> the correction (B, 3, 8h, 8w) of the linear decoding."""

    def __init__(self, widths: tuple[int, ...] = (128, 64, 32, 16)) -> None:
        super().__init__()
        self.enter = nn.Conv2d(CHANNELS, widths[0], 3, padding=1)
        self.start = nn.ModuleList([Residual(widths[0]), Residual(widths[0])])
        self.up = nn.ModuleList(
            nn.Conv2d(before, 4 * after, 1) for before, after in pairwise(widths)
        )
        self.blocks = nn.ModuleList(Residual(width) for width in widths[1:])
        self.leave = nn.Conv2d(widths[-1], 3, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, latents: Tensor) -> Tensor:
        """(B, 48, h, w) -> (B, 3, 8h, 8w)."""
        x = self.enter(latents)
        for block in self.start:
            x = block(x)
        for up, block in zip(self.up, self.blocks, strict=True):
            x = block(pixel_shuffle(up(x), 2))
        return self.leave(silu(x))


class DemoAutoencoder(nn.Module):
    """What ``comfy.sd.VAE`` calls: pictures (B, 3, H, W) in [-1, 1] <-> latents."""

    def __init__(self) -> None:
        super().__init__()
        self.latent = PatchLatent()
        self.decoder = Decoder()

    def encode(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 48, H/8, W/8)."""
        return self.latent.encode(pictures)

    def decode(self, latents: Tensor) -> Tensor:
        """(B, 48, h, w) -> (B, 3, 8h, 8w) in [-1, 1]."""
        return (self.latent.decode(latents) + self.decoder(latents)).clamp(-1, 1)


def trainable(space: PatchLatent) -> DemoAutoencoder:
    """An autoencoder over a fitted latent space, its decoder still doing nothing."""
    model = DemoAutoencoder()
    model.latent = space
    return model.requires_grad_(True)


@torch.no_grad()
def psnr(model: DemoAutoencoder, pictures: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of a round trip; pictures (B, 3, H, W) in [-1, 1]."""
    error = (model.decode(model.encode(pictures)) - pictures) / 2
    return float(-10 * torch.log10((error**2).mean()))
