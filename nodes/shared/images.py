"""Pixels as the host carries them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import torch
from comfy_api.latest import io

SHOWN_AGAIN: dict[str, Any] = dict.fromkeys(
    {"has_intermediate_output"} & {each.name for each in fields(io.Schema)}, True
)
"""Of a schema whose node shows an image or a text: also when its result is kept. Hosts since 0.24
know it."""


def to_image(pixels: np.ndarray) -> torch.Tensor:
    """(H, W, 3) uint8 -> IMAGE (1, H, W, 3) float in 0..1."""
    return torch.from_numpy(pixels.copy()).float().div(255).unsqueeze(0)
