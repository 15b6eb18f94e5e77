"""A thing's masks: drawn once with antialiasing, then kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ...outlines import Outline
from ...sprites import SIZE, SUPERSAMPLING
from .looks import FINE, coarse, frayed, glint, grain, hairs, sheen
from .shapes import DRAWN

RIM = 1.25
"""Width of a drawn outline, in pixels."""
AREAS: dict[str, float] = {"large": 0.195, "small": 0.085}
"""The share of the picture that a thing of each size covers, where its length allows it."""
TUFTS: dict[str, float] = {"large": 2.2, "small": 1.7}
"""How far fur stands off, in pixels."""
LONGEST = 21.0
"""Half the width of the widest thing, in pixels."""


@dataclass(frozen=True)
class Sprite:
    """A drawn thing, centred in a 64 x 64 picture; coverages (64, 64) float32 in [0, 1].

    body: what has the thing's colour; edge: its rim; shade, light: where its material is darker
    and brighter; opacity: how much of the body hides what is behind it; cover: details of their
    own colour; detail (64, 64, 3): these colours times their coverage; mask: all of it.
    box: left, top, right, bottom of the mask in pixels from the centre.
    """

    body: np.ndarray
    edge: np.ndarray
    shade: np.ndarray
    light: np.ndarray
    opacity: float
    cover: np.ndarray
    detail: np.ndarray
    mask: np.ndarray
    box: tuple[int, int, int, int]


def _draw(outlines: tuple[Outline, ...], half_width: float) -> np.ndarray:
    """The union of the outlines, centred, at four times the size: (256, 256) of 0 and 1."""
    image = Image.new("L", (FINE, FINE))
    pen = ImageDraw.Draw(image)
    unit = half_width * SUPERSAMPLING
    for outline in outlines:
        pen.polygon([(FINE / 2 + x * unit, FINE / 2 + y * unit) for x, y in outline.points], 1)
    return np.asarray(image)


def _outlines(kind: str) -> tuple[Outline, ...]:
    shape = DRAWN[kind]
    return shape.body + tuple(outline for outline, _ in shape.details)


@cache
def half_width(kind: str, size: str) -> float:
    """Half a thing's width in pixels, so that all of one size cover about as much."""
    share = float(_draw(_outlines(kind), 16.0).mean())
    return min(LONGEST, 16.0 * (AREAS[size] / share) ** 0.5)


def _details(kind: str, half: float) -> tuple[np.ndarray, np.ndarray]:
    """Coverage (64, 64) and colour times coverage (64, 64, 3) of the details."""
    cover: np.ndarray = np.zeros((SIZE, SIZE), np.float32)
    detail: np.ndarray = np.zeros((SIZE, SIZE, 3), np.float32)
    for outline, colour in DRAWN[kind].details:
        alpha = coarse(_draw((outline,), half))
        paint = np.asarray(colour, np.float32) / 255
        detail = detail + alpha[..., None] * (paint - detail)
        cover = cover + alpha - cover * alpha
    return cover, detail


def _edge(fine: np.ndarray) -> np.ndarray:
    """The rim of a drawing (256, 256): (64, 64)."""
    width = 2 * round(RIM * SUPERSAMPLING) + 1
    inner = np.asarray(Image.fromarray(fine).filter(ImageFilter.MinFilter(width)))
    return coarse(fine) - coarse(inner)


def _material(material: str, half: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Shade and light (64, 64) and the opacity of a material."""
    none = np.zeros((SIZE, SIZE), np.float32)
    y, x = (np.mgrid[:SIZE, :SIZE] + 0.5 - SIZE / 2) / half
    if material == "wooden":
        return grain(), none, 1.0
    if material == "metal":
        return *sheen(y), 1.0
    if material == "glass":
        return none, glint(x, y), 0.55
    if material == "furry":
        return 0.8 * hairs(), none, 1.0
    return none, none, 1.0


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    middle = SIZE // 2
    return (
        int(columns[0]) - middle,
        int(rows[0]) - middle,
        int(columns[-1]) + 1 - middle,
        int(rows[-1]) + 1 - middle,
    )


@cache
def sprite(kind: str, material: str, size: str) -> Sprite:
    """The masks of a kind of thing; drawn once, then kept."""
    half = half_width(kind, size)
    body, everything = _draw(DRAWN[kind].body, half), _draw(_outlines(kind), half)
    if material == "furry":
        body = frayed(body, TUFTS[size])
        everything = np.maximum(everything, body)
    mask = coarse(everything)
    return Sprite(
        coarse(body),
        _edge(body),
        *_material(material, half),
        *_details(kind, half),
        mask,
        _box(mask),
    )
