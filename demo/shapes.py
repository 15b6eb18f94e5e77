"""Silhouettes of the demo world's objects, drawn once and kept as antialiased masks.

Coordinates are in object units: the object fills about [-1, 1] x [-1, 1], y points down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]

SIZE = 64
SUPERSAMPLING = 4
HALF_WIDTH = 20.0
"""Half the width of an object of scale 1, in pixels."""

DARK: Colour = (45, 42, 58)
WHITE: Colour = (250, 250, 250)
GLASS: Colour = (205, 228, 240)
LEAF: Colour = (60, 120, 60)
WOOD: Colour = (105, 72, 50)


@dataclass(frozen=True)
class Outline:
    """A closed outline: its points in object units."""

    points: tuple[Point, ...]


@dataclass(frozen=True)
class Shape:
    """What an object looks like: the coloured body and fixed-colour details over it."""

    body: tuple[Outline, ...]
    details: tuple[tuple[Outline, Colour], ...] = ()


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


def polygon(*points: Point) -> Outline:
    """Straight edges between the given corners."""
    return Outline(tuple(points))


def ellipse(x: float, y: float, rx: float, ry: float) -> Outline:
    """An ellipse around (x, y)."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return Outline(tuple((x + rx * float(np.cos(a)), y + ry * float(np.sin(a))) for a in turn))


def blob(*points: Point) -> Outline:
    """A smooth closed curve through the given points (Catmull-Rom)."""
    p = np.asarray(points)
    before, after, later = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
    curve = []
    for t in np.linspace(0, 1, 8, endpoint=False):
        cubic = 3 * p - before - 3 * after + later
        square = 2 * before - 5 * p + 4 * after - later
        curve.append(0.5 * (2 * p + (after - before) * t + square * t**2 + cubic * t**3))
    ordered = np.stack(curve, 1).reshape(-1, 2)
    return Outline(tuple((float(x), float(y)) for x, y in ordered))


def stroke(width: float, *points: Point) -> Outline:
    """A line of the given width through the points."""
    p = np.asarray(points, dtype=float)
    along = np.gradient(p, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], 1)
    normal *= width / 2 / np.linalg.norm(normal, axis=1, keepdims=True)
    edge = np.concatenate([p + normal, (p - normal)[::-1]])
    return Outline(tuple((float(x), float(y)) for x, y in edge))


def mirrored(outline: Outline) -> Outline:
    """The outline with left and right exchanged."""
    return Outline(tuple((-x, y) for x, y in outline.points))


def _eye(x: float, y: float, radius: float) -> tuple[tuple[Outline, Colour], ...]:
    pupil = ellipse(x, y, radius * 0.55, radius * 0.55)
    return (ellipse(x, y, radius, radius), WHITE), (pupil, DARK)


def _wheel(x: float, y: float) -> tuple[tuple[Outline, Colour], ...]:
    return (ellipse(x, y, 0.27, 0.27), DARK), (ellipse(x, y, 0.11, 0.11), GLASS)


_CAT_EAR = polygon((-0.88, 0.1), (-0.82, -0.98), (-0.12, -0.42))
_WING = polygon((-0.1, -0.3), (-1.0, 0.3), (-1.0, 0.52), (-0.1, 0.28))
_TAILPLANE = polygon((-0.08, 0.62), (-0.48, 0.88), (-0.48, 1.0), (-0.08, 0.94))
_LENS = ((ellipse(0, 0.14, 0.46, 0.46), DARK), (ellipse(0, 0.14, 0.29, 0.29), GLASS))

SHAPES: dict[str, Shape] = {
    "cat": Shape(
        (ellipse(0, 0.22, 0.9, 0.72), _CAT_EAR, mirrored(_CAT_EAR)),
        (
            *_eye(-0.37, 0.08, 0.2),
            *_eye(0.37, 0.08, 0.2),
            (polygon((-0.15, 0.36), (0.15, 0.36), (0, 0.54)), DARK),
        ),
    ),
    "fish": Shape(
        (
            ellipse(-0.25, 0.0, 0.75, 0.55),
            polygon((0.25, 0.0), (1.0, -0.6), (0.82, 0.0), (1.0, 0.6)),
            polygon((-0.45, -0.4), (0.1, -0.85), (0.2, -0.35)),
        ),
        _eye(-0.62, -0.12, 0.17),
    ),
    "bird": Shape(
        (
            blob((-0.5, 0.05), (-0.05, -0.22), (0.5, -0.15), (1.0, -0.55), (0.85, 0.15),
                 (0.4, 0.62), (-0.1, 0.7), (-0.5, 0.5)),
            ellipse(-0.38, -0.35, 0.43, 0.43),
        ),
        (
            (polygon((-0.74, -0.52), (-1.05, -0.28), (-0.76, -0.14)), DARK),
            *_eye(-0.44, -0.42, 0.16),
            (stroke(0.13, (0.02, 0.62), (0.02, 0.98)), DARK),
            (stroke(0.13, (0.3, 0.6), (0.3, 0.98)), DARK),
        ),
    ),
    "mouse": Shape(
        (
            blob((-1.0, 0.45), (-0.62, 0.0), (-0.05, -0.22), (0.45, 0.0), (0.62, 0.45),
                 (0.4, 0.74), (-0.3, 0.78), (-0.8, 0.68)),
            ellipse(-0.28, -0.38, 0.4, 0.4),
            stroke(0.17, (0.45, 0.62), (0.75, 0.62), (0.92, 0.4), (0.8, 0.1), (0.9, -0.2),
                   (1.0, -0.32)),
        ),
        (
            (ellipse(-0.28, -0.38, 0.22, 0.22), WHITE),
            *_eye(-0.6, 0.28, 0.14),
            (ellipse(-0.96, 0.47, 0.11, 0.11), DARK),
        ),
    ),
    "car": Shape(
        (
            blob((-1.0, 0.05), (-0.6, -0.08), (0.6, -0.08), (0.98, 0.1), (1.0, 0.5),
                 (0.5, 0.56), (-0.5, 0.56), (-1.0, 0.5)),
            polygon((-0.68, 0.0), (-0.42, -0.62), (0.36, -0.62), (0.68, 0.0)),
        ),
        (
            (polygon((-0.48, -0.06), (-0.32, -0.46), (-0.07, -0.46), (-0.07, -0.06)), GLASS),
            (polygon((0.07, -0.06), (0.07, -0.46), (0.28, -0.46), (0.47, -0.06)), GLASS),
            *_wheel(-0.55, 0.54),
            *_wheel(0.55, 0.54),
        ),
    ),
    "boat": Shape(
        (
            polygon((-1.0, 0.4), (1.0, 0.4), (0.62, 0.9), (-0.62, 0.9)),
            polygon((0.1, -0.98), (0.1, 0.22), (0.88, 0.22)),
            polygon((-0.1, -0.7), (-0.1, 0.22), (-0.72, 0.22)),
        ),
        ((stroke(0.13, (0.0, -1.0), (0.0, 0.42)), WOOD),),
    ),
    "plane": Shape(
        (
            ellipse(0, 0, 0.24, 1.0),
            _WING, mirrored(_WING), _TAILPLANE, mirrored(_TAILPLANE),
        ),
        ((ellipse(0, -0.62, 0.14, 0.14), DARK),),
    ),
    "apple": Shape(
        (
            blob((0, -0.42), (0.42, -0.6), (0.86, -0.25), (0.82, 0.35), (0.42, 0.9),
                 (0, 0.8), (-0.42, 0.9), (-0.82, 0.35), (-0.86, -0.25), (-0.42, -0.6)),
        ),
        (
            (stroke(0.13, (0.0, -0.38), (0.02, -0.7), (0.1, -0.95)), WOOD),
            (blob((0.1, -0.66), (0.35, -0.98), (0.72, -0.92), (0.45, -0.64)), LEAF),
        ),
    ),
    "banana": Shape(
        (
            blob((-0.95, -0.52), (-0.74, -0.64), (-0.42, -0.1), (0.1, 0.14), (0.62, -0.06),
                 (0.92, -0.28), (1.0, -0.02), (0.72, 0.46), (0.2, 0.74), (-0.4, 0.6),
                 (-0.82, 0.15)),
        ),
        (
            (polygon((-1.0, -0.5), (-0.98, -0.78), (-0.72, -0.8), (-0.72, -0.5)), WOOD),
            (ellipse(0.95, -0.16, 0.12, 0.13), WOOD),
        ),
    ),
    "pear": Shape(
        (
            blob((0, -0.68), (0.3, -0.52), (0.36, -0.12), (0.7, 0.38), (0.5, 0.86),
                 (0, 1.0), (-0.5, 0.86), (-0.7, 0.38), (-0.36, -0.12), (-0.3, -0.52)),
        ),
        (
            (stroke(0.13, (0.0, -0.6), (-0.03, -0.8), (-0.14, -1.0)), WOOD),
            (blob((0.02, -0.72), (0.25, -0.98), (0.62, -0.9), (0.36, -0.66)), LEAF),
        ),
    ),
    "phone": Shape(
        (
            blob((-0.38, -0.35), (0.38, -0.35), (0.62, 0.2), (0.9, 0.85), (0, 0.9),
                 (-0.9, 0.85), (-0.62, 0.2)),
            blob((-0.98, -0.28), (-0.98, -0.62), (-0.5, -0.88), (0, -0.92), (0.5, -0.88),
                 (0.98, -0.62), (0.98, -0.28), (0.56, -0.26), (0.5, -0.52), (0, -0.56),
                 (-0.5, -0.52), (-0.56, -0.26)),
        ),
        ((ellipse(0, 0.32, 0.36, 0.36), WHITE), (ellipse(0, 0.32, 0.16, 0.16), DARK)),
    ),
    "computer mouse": Shape(
        (
            blob((0, -0.42), (0.46, -0.28), (0.62, 0.2), (0.52, 0.75), (0, 1.0),
                 (-0.52, 0.75), (-0.62, 0.2), (-0.46, -0.28)),
        ),
        (
            (stroke(0.14, (0.0, -0.4), (0.02, -0.62), (0.22, -0.72), (0.3, -0.86), (0.3, -1.0)),
             DARK),
            (stroke(0.1, (-0.6, 0.24), (0.6, 0.24)), WHITE),
            (stroke(0.1, (0, -0.42), (0, 0.24)), WHITE),
            (ellipse(0, -0.06, 0.13, 0.22), DARK),
        ),
    ),
    "camera": Shape(
        (
            polygon((-0.98, -0.38), (-0.9, -0.48), (0.9, -0.48), (0.98, -0.38), (0.98, 0.64),
                    (0.9, 0.74), (-0.9, 0.74), (-0.98, 0.64)),
            polygon((-0.42, -0.4), (-0.3, -0.78), (0.3, -0.78), (0.42, -0.4)),
        ),
        (*_LENS, (ellipse(0.72, -0.26, 0.12, 0.12), WHITE)),
    ),
}


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


@lru_cache(maxsize=None)
def sprite(name: str, scale: float) -> Sprite:
    """The object's masks at this scale; drawn once, then kept."""
    shape = SHAPES[name]
    cover = np.zeros((SIZE, SIZE), np.float32)
    detail = np.zeros((SIZE, SIZE, 3), np.float32)
    for outline, colour in shape.details:
        alpha = _draw((outline,), scale)
        detail = detail * (1 - alpha[..., None]) + alpha[..., None] * np.float32(colour) / 255
        cover = cover + alpha - cover * alpha
    everything = shape.body + tuple(outline for outline, _ in shape.details)
    return Sprite(_draw(shape.body, scale), cover, detail, _draw(everything, scale))
