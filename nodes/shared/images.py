"""Pixels as the host carries them."""

from __future__ import annotations

import numpy as np
import torch


def to_image(pixels: np.ndarray) -> torch.Tensor:
    """(H, W, 3) uint8 -> IMAGE (1, H, W, 3) float in 0..1."""
    return torch.from_numpy(pixels.copy()).float().div(255).unsqueeze(0)
