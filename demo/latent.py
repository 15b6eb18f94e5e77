"""The demo model's latent space: principal components of 8 x 8 pixel patches.

A picture (B, 3, 8h, 8w) in [-1, 1] becomes (B, 48, h, w). The map is linear and orthonormal up
to one scale, so noise in the latent is noise in the picture.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, pixel_unshuffle

PATCH = 8
CHANNELS = 48


class PatchLatent(nn.Module):
    """Encoder (exact projection) and the plain linear way back."""

    basis: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        self.register_buffer("basis", torch.zeros(channels, 3, PATCH, PATCH))
        self.register_buffer("mean", torch.zeros(3, PATCH, PATCH))
        self.register_buffer("scale", torch.ones(()))

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] -> latents (B, C, H/8, W/8)."""
        offset = (self.basis * self.mean).sum((1, 2, 3))
        latents = conv2d(pictures, self.basis.to(pictures), -offset.to(pictures), stride=PATCH)
        return latents * self.scale.to(pictures)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (B, C, h, w) -> pictures (B, 3, 8h, 8w), about [-1, 1]."""
        basis = self.basis.to(latents)
        pictures = conv_transpose2d(latents / self.scale.to(latents), basis, stride=PATCH)
        h, w = latents.shape[-2:]
        return pictures + self.mean.to(latents).repeat(1, h, w)


def to_signed(pictures: np.ndarray | Tensor) -> Tensor:
    """Pictures (B, H, W, 3) uint8 -> (B, 3, H, W) float32 in [-1, 1]."""
    return torch.as_tensor(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


def fit(pictures: Tensor, channels: int = CHANNELS) -> PatchLatent:
    """The latent space of these pictures (B, 3, H, W) in [-1, 1]; latents have std 1 overall."""
    patches = pixel_unshuffle(pictures, PATCH).permute(0, 2, 3, 1).flatten(0, 2).double()
    mean = patches.mean(0)
    centred = patches - mean
    variances, vectors = torch.linalg.eigh(centred.T @ centred / len(patches))
    kept = vectors.flip(1)[:, :channels]
    space = PatchLatent(channels)
    space.basis = kept.T.reshape(channels, 3, PATCH, PATCH).float().contiguous()
    space.mean = mean.reshape(3, PATCH, PATCH).float()
    space.scale = variances.flip(0)[:channels].mean().rsqrt().float()
    return space
