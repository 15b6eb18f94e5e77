"""Noise that depends on a seed and a use alone, and the latent of an image that it fills."""

from __future__ import annotations

import hashlib
from typing import Any

import torch


def latent_shape(model: Any, width: int, height: int) -> tuple[int, ...]:
    """(channels, height, width) of MODEL's latent of an image in pixels.

    Of models of videos (channels, 1, height, width).

    ValueError where the model has no latent of just that size.
    """
    latent_format = model.get_model_object("latent_format")
    ratio = int(getattr(latent_format, "spacial_downscale_ratio", 8))
    if width % ratio or height % ratio:
        raise ValueError(
            f"Width and height must be multiples of {ratio}; found {width} x {height}."
        )
    frames = (1,) if getattr(latent_format, "latent_dimensions", 2) == 3 else ()
    return int(latent_format.latent_channels), *frames, height // ratio, width // ratio


def seeded_noise(seed: int, use: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Normal noise, another one for each use that is named."""
    generator = torch.Generator().manual_seed(derived_seed(seed, use))
    return torch.randn(shape, generator=generator)


def derived_seed(seed: int, use: str) -> int:
    """A seed for one use of many, such as "noise of image: 3"."""
    return int.from_bytes(hashlib.sha256(f"{seed}, {use}".encode()).digest()[:7], "big")
