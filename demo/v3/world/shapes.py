"""What the things look like, as outlines in object units; x to the right, y down, about -1 to 1."""

from __future__ import annotations

from ...outlines import Outline, blob, ellipse, mirrored, polygon, stroke
from ...shapes import DARK, GLASS, LEAF, SHAPES, WHITE, WOOD, Colour, Shape

Detail = tuple[Outline, Colour]

FLAME: Colour = (255, 150, 30)
GOLD: Colour = (240, 200, 80)
RIND: Colour = (58, 128, 62)


def _eye(x: float, y: float, radius: float) -> tuple[Detail, ...]:
    return (
        (ellipse(x, y, radius, radius), WHITE),
        (ellipse(x, y, radius * 0.55, radius * 0.55), DARK),
    )


def _box(left: float, top: float, right: float, bottom: float) -> Outline:
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


def _rounded(left: float, top: float, right: float, bottom: float, cut: float) -> Outline:
    """A box without its corners."""
    return polygon(
        (left + cut, top),
        (right - cut, top),
        (right, top + cut),
        (right, bottom - cut),
        (right - cut, bottom),
        (left + cut, bottom),
        (left, bottom - cut),
        (left, top + cut),
    )


def _leaf(x: float, y: float, side: float = 1.0) -> Detail:
    tip = (x + 0.62 * side, y - 0.26)
    return blob((x, y), (x + 0.25 * side, y - 0.32), tip, (x + 0.35 * side, y + 0.02)), LEAF


HORSE = Shape(
    (
        blob((-0.62, -0.02), (0.0, -0.12), (0.62, -0.12), (0.8, 0.12), (0.6, 0.42), (-0.5, 0.42)),
        polygon((-0.66, 0.3), (-0.7, -0.72), (-0.42, -0.86), (-0.02, 0.0)),
        blob((-0.45, -0.95), (-0.42, -0.62), (-0.9, -0.3), (-1.04, -0.46), (-0.8, -0.8)),
        polygon((-0.58, -0.8), (-0.46, -1.0), (-0.36, -0.74)),
        _box(-0.64, 0.2, -0.42, 1.0),
        _box(-0.32, 0.2, -0.1, 1.0),
        _box(0.2, 0.2, 0.42, 1.0),
        _box(0.52, 0.2, 0.74, 1.0),
    ),
    (
        (stroke(0.2, (-0.42, -0.86), (-0.2, -0.5), (0.04, -0.04)), DARK),
        (stroke(0.2, (0.7, 0.0), (0.94, 0.16), (0.94, 0.66)), DARK),
        (ellipse(-0.66, -0.66, 0.09, 0.09), DARK),
    ),
)
BEE = Shape(
    (ellipse(0.1, 0.32, 0.78, 0.52), ellipse(-0.66, 0.2, 0.34, 0.34)),
    (
        (blob((0.0, -0.1), (-0.36, -0.62), (-0.2, -0.98), (0.14, -0.7)), GLASS),
        (blob((0.1, -0.1), (0.2, -0.72), (0.62, -0.96), (0.7, -0.6), (0.4, -0.2)), GLASS),
        (stroke(0.2, (0.06, -0.18), (0.12, 0.32), (0.06, 0.82)), DARK),
        (stroke(0.2, (0.48, -0.08), (0.54, 0.32), (0.48, 0.72)), DARK),
        (polygon((0.84, 0.16), (1.08, 0.34), (0.84, 0.5)), DARK),
        *_eye(-0.72, 0.14, 0.15),
        (stroke(0.1, (-0.7, -0.1), (-0.78, -0.36), (-0.96, -0.46)), DARK),
    ),
)
SHEEP = Shape(
    tuple(
        ellipse(x, y, r, r)
        for x, y, r in (
            (-0.3, -0.3, 0.36),
            (0.15, -0.42, 0.36),
            (0.6, -0.22, 0.36),
            (0.7, 0.16, 0.32),
            (0.4, 0.36, 0.34),
            (-0.1, 0.4, 0.34),
            (-0.4, 0.2, 0.36),
            (0.15, 0.0, 0.5),
        )
    ),
    (
        (_box(-0.3, 0.6, -0.12, 1.0), DARK),
        (_box(0.4, 0.6, 0.58, 1.0), DARK),
        (ellipse(-0.66, -0.18, 0.32, 0.4), DARK),
        (stroke(0.16, (-0.5, -0.46), (-0.3, -0.42), (-0.16, -0.26)), DARK),
        (ellipse(-0.78, -0.24, 0.1, 0.1), WHITE),
        (ellipse(-0.54, -0.24, 0.1, 0.1), WHITE),
    ),
)
ROCKET = Shape(
    (
        blob(
            (0, -1.02),
            (0.36, -0.5),
            (0.44, 0.1),
            (0.34, 0.62),
            (-0.34, 0.62),
            (-0.44, 0.1),
            (-0.36, -0.5),
        ),
        polygon((-0.36, 0.0), (-0.82, 0.5), (-0.82, 0.82), (-0.3, 0.6)),
        polygon((0.36, 0.0), (0.82, 0.5), (0.82, 0.82), (0.3, 0.6)),
    ),
    (
        (ellipse(0, -0.24, 0.24, 0.24), DARK),
        (ellipse(0, -0.24, 0.15, 0.15), GLASS),
        (polygon((-0.26, 0.64), (0.26, 0.64), (0, 1.06)), FLAME),
    ),
)
KIWI = Shape(
    (ellipse(0, 0, 0.98, 0.98),),
    (
        (ellipse(0, 0, 0.3, 0.3), WHITE),
        *(
            (ellipse(0.58 * x, 0.58 * y, 0.12, 0.12), DARK)
            for x, y in (
                (1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7), (0, -1), (0.7, -0.7)
            )
        ),
    ),
)  # fmt: skip
PEAR = Shape(
    (
        blob(
            (0, -0.68), (0.3, -0.52), (0.4, -0.08), (0.74, 0.34), (0.6, 0.84), (0, 1.0),
            (-0.6, 0.84), (-0.74, 0.34), (-0.4, -0.08), (-0.3, -0.52),
        ),
    ),
    ((stroke(0.14, (0.0, -0.6), (0.02, -0.8), (0.1, -1.02)), WOOD), _leaf(0.1, -0.66)),
)  # fmt: skip
CHERRY = Shape(
    (ellipse(-0.5, 0.5, 0.5, 0.48), ellipse(0.52, 0.46, 0.48, 0.48)),
    (
        (stroke(0.13, (-0.46, 0.12), (-0.3, -0.4), (0.12, -0.94)), LEAF),
        (stroke(0.13, (0.5, 0.06), (0.42, -0.5), (0.12, -0.94)), LEAF),
        (blob((0.1, -0.94), (-0.3, -1.02), (-0.72, -0.78), (-0.3, -0.62)), LEAF),
    ),
)
_CURVE = ((0.88, -0.06), (0.66, 0.3), (0.36, 0.52))
_RIND = (
    (-0.96, -0.5),
    *((-x, y) for x, y in _CURVE),
    (0.0, 0.6),
    *reversed(_CURVE),
    (0.96, -0.5),
)
MELON = Shape(
    (polygon(*((1.05 * x, 1.06 * y) for x, y in _RIND)),),
    (
        (stroke(0.2, *_RIND), RIND),
        *((ellipse(x, -0.22, 0.09, 0.13), DARK) for x in (-0.5, 0.0, 0.5)),
        *((ellipse(x, 0.14, 0.09, 0.13), DARK) for x in (-0.25, 0.25)),
    ),
)
LAPTOP = Shape(
    (
        _rounded(-0.78, -0.82, 0.78, 0.3, 0.1),
        polygon((-0.8, 0.26), (0.8, 0.26), (1.04, 0.8), (-1.04, 0.8)),
    ),
    (
        (_box(-0.6, -0.64, 0.6, 0.12), GLASS),
        (polygon((-0.62, 0.38), (0.62, 0.38), (0.7, 0.56), (-0.7, 0.56)), DARK),
    ),
)
PHONE = Shape(
    (_rounded(-0.6, -1.0, 0.6, 1.0, 0.14),),
    (
        (_box(-0.42, -0.76, 0.42, 0.06), GLASS),
        *(
            (_box(x - 0.11, y - 0.09, x + 0.11, y + 0.09), DARK)
            for y in (0.28, 0.54, 0.8)
            for x in (-0.32, 0.0, 0.32)
        ),
    ),
)
BOARD = Shape(
    (_box(-1.04, -0.5, 1.04, 0.36),),
    (
        (_box(-0.84, -0.32, -0.4, 0.16), DARK),
        (_box(-0.22, -0.32, 0.22, 0.16), DARK),
        (_box(0.4, -0.32, 0.84, 0.16), DARK),
        *((_box(x / 50 - 0.09, 0.36, x / 50 + 0.09, 0.62), GOLD) for x in range(-45, 46, 18)),
    ),
)
_ROTORS = tuple((x, y) for x in (-0.62, 0.62) for y in (-0.58, 0.58))
QUADCOPTER = Shape(
    (
        ellipse(0, 0, 0.42, 0.36),
        stroke(0.26, (-0.62, -0.58), (0, 0), (0.62, 0.58)),
        stroke(0.26, (-0.62, 0.58), (0, 0), (0.62, -0.58)),
        *(ellipse(x, y, 0.4, 0.4) for x, y in _ROTORS),
    ),
    (
        *((ellipse(x, y, 0.12, 0.12), DARK) for x, y in _ROTORS),
        (ellipse(0, 0, 0.2, 0.2), DARK),
        (ellipse(0, 0, 0.1, 0.1), GLASS),
    ),
)
BOAT = Shape(
    (
        polygon((-1.0, 0.36), (1.0, 0.36), (0.66, 0.94), (-0.66, 0.94)),
        polygon((0.1, -1.0), (0.1, 0.24), (0.94, 0.24)),
        polygon((-0.1, -0.76), (-0.1, 0.24), (-0.82, 0.24)),
    ),
    ((stroke(0.13, (0.0, -1.0), (0.0, -0.3), (0.0, 0.42)), WOOD),),
)
_WING = polygon((-0.1, -0.4), (-1.04, 0.24), (-1.04, 0.56), (-0.1, 0.36))
_TAIL = polygon((-0.08, 0.56), (-0.54, 0.84), (-0.54, 1.02), (-0.08, 0.96))
PLANE = Shape(
    (ellipse(0, 0, 0.28, 1.02), _WING, mirrored(_WING), _TAIL, mirrored(_TAIL)),
    ((blob((-0.16, -0.6), (0, -0.8), (0.16, -0.6), (0, -0.5)), DARK),),
)
MOUSE = Shape(
    (*SHAPES["mouse"].body, ellipse(0.06, -0.3, 0.3, 0.3)),
    SHAPES["mouse"].details,
)
BANANA = Shape(
    (
        blob(
            (-0.98, -0.56), (-0.7, -0.7), (-0.4, -0.24), (0.06, -0.02), (0.56, -0.14), (0.9, -0.4),
            (1.02, -0.1), (0.8, 0.46), (0.22, 0.8), (-0.42, 0.68), (-0.86, 0.2),
        ),
    ),
    (
        (polygon((-1.02, -0.52), (-1.0, -0.86), (-0.7, -0.88), (-0.68, -0.54)), WOOD),
        (ellipse(0.95, -0.26, 0.12, 0.15), WOOD),
    ),
)  # fmt: skip

DRAWN: dict[str, Shape] = {
    "cat": SHAPES["cat"],
    "horse": HORSE,
    "mouse": MOUSE,
    "bird": SHAPES["crane"],
    "insect": SHAPES["beetle"],
    "bee": BEE,
    "sheep": SHEEP,
    "fish": SHAPES["fish"],
    "car": SHAPES["beetle car"],
    "plane": PLANE,
    "truck": SHAPES["crane truck"],
    "boat": BOAT,
    "rocket": ROCKET,
    "apple": SHAPES["apple"],
    "berry": SHAPES["blackberry"],
    "kiwi": KIWI,
    "banana": BANANA,
    "pear": PEAR,
    "cherry": CHERRY,
    "melon": MELON,
    "computer mouse": SHAPES["computer mouse"],
    "laptop": LAPTOP,
    "phone": PHONE,
    "board": BOARD,
    "quadcopter": QUADCOPTER,
    "camera": SHAPES["camera"],
}
"""Kind -> its shape."""
