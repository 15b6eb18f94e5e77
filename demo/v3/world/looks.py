"""Patterns and materials: what they paint on a body, as coverages of 64 x 64 pixels."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...sprites import SIZE, SUPERSAMPLING

FINE = SIZE * SUPERSAMPLING


def coarse(fine: np.ndarray) -> np.ndarray:
    """Antialiased coverage (64, 64) of a drawing (256, 256)."""
    shape = (SIZE, SUPERSAMPLING, SIZE, SUPERSAMPLING)
    return fine.astype(np.float32).reshape(shape).mean((1, 3))


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of the fine picture in pixels of the coarse one."""
    y, x = (np.mgrid[:FINE, :FINE] + 0.5) / SUPERSAMPLING
    return x, y


def saw(x: np.ndarray, period: float) -> np.ndarray:
    """Down and up again between 1 and 0 once a period."""
    return np.abs(x / period % 1 - 0.5) * 2


@cache
def pattern_cover(pattern: str) -> np.ndarray:
    """How much the pattern paints over the body: (64, 64) in [0, 1].

    All patterns repeat every 8 pixels, two latent pixels, and stand still while a thing moves.
    """
    x, y = _grid()
    if pattern == "striped":
        painted = x % 8 < 3.6
    elif pattern == "dotted":
        painted = (x % 8 - 4) ** 2 + (y % 8 - 4) ** 2 < 2.7**2
    elif pattern == "checked":
        painted = (x % 8 < 4) ^ (y % 8 < 4)
    elif pattern == "zigzag":
        painted = (y + 4 * saw(x, 8)) % 8 < 3.4
    else:
        painted = np.zeros_like(x, dtype=bool)
    return coarse(painted)


@cache
def grain() -> np.ndarray:
    """Lines along the wood, a little bent: (64, 64)."""
    x, y = _grid()
    return coarse((y + 0.8 * np.sin(x * np.pi / 8)) % 4 < 1.25)


@cache
def hairs() -> np.ndarray:
    """Short slanting strokes: (64, 64)."""
    x, y = _grid()
    return coarse(((x + 0.7 * y) % 4 < 1.3) & ((y + 4 * ((x + 0.7 * y) // 4 % 2)) % 8 < 5))


def frayed(fine: np.ndarray, reach: float) -> np.ndarray:
    """A drawing (256, 256) whose rim is pulled out into tufts of ``reach`` pixels."""
    x, y = _grid()
    down = (SUPERSAMPLING * reach * (saw(x, 3.2) - 0.5)).round().astype(int)
    right = (SUPERSAMPLING * reach * (saw(y, 3.2) - 0.5)).round().astype(int)
    rows, columns = np.mgrid[:FINE, :FINE]
    return fine[(rows + down) % FINE, (columns + right) % FINE]


def sheen(height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metal's dark and bright bands; ``height`` runs from -1 at a thing's top to 1."""

    def band(middle: float, width: float) -> np.ndarray:
        return np.clip(1.6 - 1.6 * np.abs(height - middle) / width, 0, 1).astype(np.float32)

    return 0.75 * np.maximum(band(0.1, 0.3), band(1.0, 0.3)), 0.85 * band(-0.4, 0.32)


def glint(across: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Glass's two slanting reflections, in a thing's own units."""
    slant = across + 0.8 * height
    thick = np.clip(2.2 - 9 * np.abs(slant + 0.5), 0, 1)
    thin = np.clip(1.2 - 9 * np.abs(slant + 0.12), 0, 1)
    return 0.9 * np.maximum(thick, thin).astype(np.float32)
