"""The latent space: all 48 principal components of 4 x 4 pixel patches, so nothing is lost.

A picture (B, 3, 4h, 4w) in [-1, 1] becomes (B, 48, h, w). The components are orthonormal; each is
scaled by its variance to the power -1/4, so that fine detail is loud enough to be learned. The map
is linear and exact in both directions: there is no decoder to train.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, pixel_unshuffle

PATCH = 4
CHANNELS = 3 * PATCH**2
WHITENING = 0.25
"""Power of the variance by which a component is divided; 1/2 would make all equally loud."""


class PatchLatent(nn.Module):
    """Encoder and decoder."""

    basis: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("basis", torch.zeros(CHANNELS, 3, PATCH, PATCH))
        self.register_buffer("mean", torch.zeros(3, PATCH, PATCH))
        self.register_buffer("scale", torch.ones(CHANNELS))

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] -> latents (B, 48, H/4, W/4)."""
        offset = (self.basis * self.mean).sum((1, 2, 3))
        latents = conv2d(pictures, self.basis.to(pictures), -offset.to(pictures), stride=PATCH)
        return latents * self.scale.to(pictures).view(-1, 1, 1)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (B, 48, h, w) -> pictures (B, 3, 4h, 4w), about [-1, 1]."""
        plain = latents / self.scale.to(latents).view(-1, 1, 1)
        pictures = conv_transpose2d(plain, self.basis.to(latents), stride=PATCH)
        h, w = latents.shape[-2:]
        return pictures + self.mean.to(latents).repeat(1, h, w)


def fit(pictures: Tensor) -> PatchLatent:
    """The latent space of these pictures (B, 3, H, W) in [-1, 1]; its mean variance is 1."""
    patches = pixel_unshuffle(pictures, PATCH).permute(0, 2, 3, 1).flatten(0, 2).double()
    mean = patches.mean(0)
    centred = patches - mean
    variances, vectors = torch.linalg.eigh(centred.T @ centred / len(patches))
    variances, vectors = variances.flip(0).clamp(min=1e-6), vectors.flip(1)
    scale = variances**-WHITENING
    space = PatchLatent()
    space.basis = vectors.T.reshape(CHANNELS, 3, PATCH, PATCH).float().contiguous()
    space.mean = mean.reshape(3, PATCH, PATCH).float()
    space.scale = (scale * (variances * scale**2).mean().rsqrt()).float()
    return space
