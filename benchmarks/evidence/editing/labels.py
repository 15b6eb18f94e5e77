"""Small labels beside points that overlap neither each other nor the points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, pi, sin

from matplotlib.axes import Axes

SIZE = 7.0
Box = tuple[float, float, float, float]
Point = tuple[float, float]


class Labels:
    """Labels of one panel whose limits and layout are settled already.

    curves: the points of each curve; labels keep off the lines too where there is room.
    """

    def __init__(self, axes: Axes, curves: Sequence[Sequence[Point]]) -> None:
        self.axes = axes
        self.scale = axes.figure.dpi / 72
        places = [[tuple(axes.transData.transform(p)) for p in curve] for curve in curves]
        self.taken = [self._around(p, 2.5) for curve in places for p in curve]
        self.lines = [
            self._around((a[0] + (b[0] - a[0]) * t / 20, a[1] + (b[1] - a[1]) * t / 20), 0.5)
            for curve in places
            for a, b in pairwise(curve)
            for t in range(21)
        ]

    def write(self, text: str, point: Point, colour: str) -> bool:
        """Write the text where there is room near the point; False if there is none."""
        for avoided in (self.taken + self.lines, self.taken):
            for offset, box in self._candidates(text, point):
                if self._inside(box) and not any(_overlap(box, other) for other in avoided):
                    self.taken.append(box)
                    self._draw(text, point, offset, colour)
                    return True
        return False

    def _candidates(self, text: str, point: Point) -> Iterator[tuple[Point, Box]]:
        """Offsets in points and the boxes they give in pixels, the nearest first."""
        x, y = self.axes.transData.transform(point)
        wide, high = 0.62 * SIZE * len(text) * self.scale, SIZE * self.scale
        for distance in (8.0, 11.0, 14.0):
            for turn in range(12):
                angle = pi / 4 + turn * pi / 6
                dx, dy = distance * cos(angle), distance * sin(angle)
                left, low = x + dx * self.scale - wide / 2, y + dy * self.scale - high / 2
                yield (dx, dy), (left, low, left + wide, low + high)

    def _around(self, place: Point, reach: float) -> Box:
        """The box that reaches so many points around a place in pixels."""
        far = reach * self.scale
        return place[0] - far, place[1] - far, place[0] + far, place[1] + far

    def _inside(self, box: Box) -> bool:
        room = self.axes.bbox
        return room.x0 < box[0] and box[2] < room.x1 and room.y0 < box[1] and box[3] < room.y1

    def _draw(self, text: str, point: Point, offset: Point, colour: str) -> None:
        self.axes.annotate(
            text,
            point,
            xytext=offset,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=SIZE,
            color=colour,
        )


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
