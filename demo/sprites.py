"""The objects' masks: drawn once with antialiasing, then kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from .outlines import Outline
from .shapes import SHAPES

SIZE = 64
SUPERSAMPLING = 4
HALF_WIDTH = 20.0
"""Half the width of an object of scale 1, in pixels."""


@dataclass(frozen=True)
class Sprite:
    """A drawn shape, centred in a 64 x 64 picture.

    ``body`` and ``cover`` are (64, 64) float32 coverages in [0, 1]: of the coloured body, and
    of the details. ``detail`` is (64, 64, 3), the details' colour times their coverage.
    ``mask`` is the coverage of body and details together.
    """

    body: np.ndarray
    cover: np.ndarray
    detail: np.ndarray
    mask: np.ndarray


def _draw(outlines: tuple[Outline, ...], scale: float) -> np.ndarray:
    """Coverage (64, 64) in [0, 1] of the union of the outlines, centred."""
    side = SIZE * SUPERSAMPLING
    image = Image.new("L", (side, side))
    pen = ImageDraw.Draw(image)
    unit = HALF_WIDTH * scale * SUPERSAMPLING
    for outline in outlines:
        pen.polygon([(side / 2 + x * unit, side / 2 + y * unit) for x, y in outline.points], 255)
    fine = np.asarray(image, dtype=np.float32) / 255
    return fine.reshape(SIZE, SUPERSAMPLING, SIZE, SUPERSAMPLING).mean((1, 3))


@cache
def sprite(name: str, scale: float) -> Sprite:
    """The object's masks at this scale; drawn once, then kept."""
    shape = SHAPES[name]
    cover: np.ndarray = np.zeros((SIZE, SIZE), np.float32)
    detail: np.ndarray = np.zeros((SIZE, SIZE, 3), np.float32)
    for outline, colour in shape.details:
        alpha = _draw((outline,), scale)
        paint = np.asarray(colour, np.float32) / 255
        detail = detail + alpha[..., None] * (paint - detail)
        cover = cover + alpha - cover * alpha
    everything = shape.body + tuple(outline for outline, _ in shape.details)
    return Sprite(_draw(shape.body, scale), cover, detail, _draw(everything, scale))
