"""The image styles: flat colours, ink on paper, neon in the dark, watercolour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ...sprites import SIZE

NIGHT = np.array((22, 18, 44), np.float32) / 255
PAPER = np.array((252, 249, 240), np.float32) / 255
BLACK = np.zeros(3, np.float32)
WHITE = np.ones(3, np.float32)


def mix(colour: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """A colour with a share of another in it."""
    return colour + np.float32(share) * (other - colour)


@dataclass(frozen=True)
class Inks:
    """Colours (3,) in [0, 1] of a body, its pattern, rim, shades and lights."""

    fill: np.ndarray
    paint: np.ndarray
    rim: np.ndarray
    shade: np.ndarray
    light: np.ndarray


def inks(style: str, colour: np.ndarray) -> Inks:
    """What a thing of this colour is painted with."""
    dark = mix(colour, BLACK, 0.5)
    if style == "ink":
        return Inks(mix(colour, PAPER, 0.78), mix(colour, BLACK, 0.1), dark, dark, WHITE)
    if style == "neon":
        bright = mix(colour, WHITE, 0.1)
        return Inks(mix(colour, NIGHT, 0.72), bright, bright, mix(bright, WHITE, 0.7), WHITE)
    if style == "watercolor":
        rim = mix(colour, BLACK, 0.15)
        return Inks(mix(colour, WHITE, 0.3), mix(colour, WHITE, 0.88), rim, dark, WHITE)
    return Inks(colour, WHITE, dark, dark, WHITE)


@cache
def _wash() -> np.ndarray:
    """How wet the paper is: (64, 64, 1), dry towards the border."""
    y, x = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE
    wobble = 0.014 * np.sin(23 * x + 9 * y) + 0.014 * np.sin(19 * y - 13 * x)
    inside = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) + wobble
    return np.clip((inside - 0.05) * 32, 0, 1).astype(np.float32)[..., None]


@cache
def _mottle() -> np.ndarray:
    """Uneven pigment: (64, 64, 1), between 0 and 1."""
    y, x = np.mgrid[:SIZE, :SIZE] * (2 * np.pi / 16)
    waves = np.sin(x + 2 * np.sin(y)) + np.sin(y + 1.5 * np.sin(x))
    return (0.5 + 0.25 * waves).astype(np.float32)[..., None]


AIR: dict[str, float] = {"flat": 1.0, "ink": 0.6, "neon": 0.6, "watercolor": 0.8}
"""How strongly a style paints sun, drops, flakes, fog and lightning."""


def land_tone(style: str, picture: np.ndarray) -> np.ndarray:
    """Sky and ground (64, 64, 3) in [0, 1] in this style."""
    if style == "ink":
        return picture + 0.62 * (PAPER - picture)
    if style == "neon":
        return picture + 0.74 * (NIGHT - picture)
    if style == "watercolor":
        return picture + (0.18 + 0.3 * _mottle()) * (PAPER - picture)
    return picture


def bordered(style: str, picture: np.ndarray) -> np.ndarray:
    """The whole backdrop (64, 64, 3); watercolour leaves the paper's border dry."""
    return PAPER + _wash() * (picture - PAPER) if style == "watercolor" else picture


def body_tone(style: str, picture: np.ndarray) -> np.ndarray:
    """A thing's painted body (64, 64, 3) in this style."""
    if style == "watercolor":
        return picture + 0.32 * _mottle() * (WHITE - picture)
    return picture
