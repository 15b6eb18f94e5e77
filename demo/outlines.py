"""Closed outlines: polygons, ellipses, smooth curves and thick lines.

Coordinates are in object units: the object fills about [-1, 1] x [-1, 1], y points down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Point = tuple[float, float]


@dataclass(frozen=True)
class Outline:
    """A closed outline: its points in object units."""

    points: tuple[Point, ...]


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
