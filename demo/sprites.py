"""The objects' masks: drawn once with antialiasing, then kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .outlines import Outline
from .shapes import SHAPES

SIZE = 64
SUPERSAMPLING = 4
RIM = 1.4
"""Width of a drawn outline, in pixels."""


@dataclass(frozen=True)
class Sprite:
    """A drawn shape, centred in a 64 x 64 picture.

    ``body``, ``edge`` and ``cover`` are (64, 64) float32 coverages in [0, 1]: of the coloured
    body, of its rim, and of the details. ``detail`` is (64, 64, 3), the details' colour times
    their coverage. ``mask`` is the coverage of body and details together.
    """

    body: np.ndarray
    edge: np.ndarray
    cover: np.ndarray
    detail: np.ndarray
    mask: np.ndarray


def _draw(outlines: tuple[Outline, ...], half_width: float) -> Image.Image:
    """The union of the outlines, centred, at four times the size."""
    side = SIZE * SUPERSAMPLING
    image = Image.new("L", (side, side))
    pen = ImageDraw.Draw(image)
    unit = half_width * SUPERSAMPLING
    for outline in outlines:
        pen.polygon([(side / 2 + x * unit, side / 2 + y * unit) for x, y in outline.points], 255)
    return image


def _coverage(image: Image.Image) -> np.ndarray:
    """Antialiased coverage (64, 64) in [0, 1] of a drawing at four times the size."""
    fine = np.asarray(image, dtype=np.float32) / 255
    return fine.reshape(SIZE, SUPERSAMPLING, SIZE, SUPERSAMPLING).mean((1, 3))


@cache
def sprite(name: str, half_width: float) -> Sprite:
    """The object's masks at this half width in pixels; drawn once, then kept."""
    shape = SHAPES[name]
    cover: np.ndarray = np.zeros((SIZE, SIZE), np.float32)
    detail: np.ndarray = np.zeros((SIZE, SIZE, 3), np.float32)
    for outline, colour in shape.details:
        alpha = _coverage(_draw((outline,), half_width))
        paint = np.asarray(colour, np.float32) / 255
        detail = detail + alpha[..., None] * (paint - detail)
        cover = cover + alpha - cover * alpha
    everything = shape.body + tuple(outline for outline, _ in shape.details)
    drawn = _draw(shape.body, half_width)
    inner = drawn.filter(ImageFilter.MinFilter(2 * round(RIM * SUPERSAMPLING) + 1))
    body = _coverage(drawn)
    return Sprite(
        body, body - _coverage(inner), cover, detail, _coverage(_draw(everything, half_width))
    )
