"""A few of the judged images, small enough to lie among the rows."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from torch import Tensor


def pack(image: Tensor) -> str:
    """An image (H, W, 3) in [0, 1] as a PNG in base64."""
    pixels = (np.clip(np.asarray(image), 0, 1) * 255).round().astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def unpack(text: str) -> np.ndarray:
    """The image (H, W, 3) uint8."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))


def row_of(images: Sequence[str], gap: int = 3) -> np.ndarray:
    """Images side by side, white between them: (H, width, 3) uint8."""
    tiles = [unpack(text) for text in images]
    between = np.full((tiles[0].shape[0], gap, 3), 255, np.uint8)
    parts = [part for tile in tiles for part in (tile, between)]
    return np.concatenate(parts[:-1], axis=1)
