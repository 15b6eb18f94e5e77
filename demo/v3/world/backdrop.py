"""Sky, ground and what the weather puts in the air."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from ...sprites import SIZE, SUPERSAMPLING
from .looks import FINE, coarse

Colour = tuple[int, int, int]
HORIZON = 48
VARIANTS = 64
"""How many arrangements of drops, flakes, sun, fog or lightning there are."""

SKY: dict[str, tuple[Colour, Colour]] = {
    "sunny": ((112, 190, 250), (196, 232, 255)),
    "rainy": ((112, 126, 146), (152, 164, 180)),
    "snowy": ((190, 206, 240), (232, 238, 252)),
    "foggy": ((176, 172, 158), (208, 204, 190)),
    "stormy": ((52, 48, 84), (110, 96, 138)),
}
"""Weather -> the sky's colour at the top and at the horizon."""
GROUND: dict[str, Colour] = {
    "sunny": (136, 200, 96),
    "rainy": (84, 104, 92),
    "snowy": (252, 252, 255),
    "foggy": (156, 152, 134),
    "stormy": (58, 62, 66),
}
IN_THE_AIR: dict[str, Colour] = {
    "sunny": (255, 224, 84),
    "rainy": (196, 216, 240),
    "snowy": (255, 255, 255),
    "foggy": (232, 230, 222),
    "stormy": (255, 240, 120),
}
"""Sun, raindrops, snowflakes, banks of fog, lightning."""


def over(picture: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Paint a colour over the picture (64, 64, 3) where ``cover`` (64, 64) says so."""
    return picture + cover[..., None] * (colour - picture)


def paint(colour: Colour) -> np.ndarray:
    """A colour of 0 to 255 as (3,) float32 in [0, 1]."""
    return np.asarray(colour, np.float32) / 255


def _polygons(*polygons: list[tuple[float, float]]) -> np.ndarray:
    """Coverage (64, 64) of polygons in pixels."""
    image = Image.new("L", (FINE, FINE))
    pen = ImageDraw.Draw(image)
    for points in polygons:
        pen.polygon([(x * SUPERSAMPLING, y * SUPERSAMPLING) for x, y in points], 1)
    return coarse(np.asarray(image))


def _disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.ogrid[:SIZE, :SIZE]
    distance = np.sqrt((columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2)
    return np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)


def _sun(x: float, y: float) -> np.ndarray:
    turns = np.arange(8) * np.pi / 4
    rays = [
        [
            (x + r * np.cos(a + b), y + r * np.sin(a + b))
            for r, b in ((7.4, -0.16), (10.4, 0.0), (7.4, 0.16))
        ]
        for a in turns
    ]
    return np.maximum(_disc(x, y, 6), _polygons(*rays))


def _cells(rng: np.random.Generator) -> list[tuple[int, int]]:
    """A latent pixel in each of 4 x 4 blocks of the picture, as its corner in pixels."""
    return [
        (16 * column + 4 * int(rng.integers(4)), 16 * row + 4 * int(rng.integers(4)))
        for row in range(4)
        for column in range(4)
    ]


def _falling(rng: np.random.Generator, weather: str) -> np.ndarray:
    """Raindrops or snowflakes, each in the same place of its latent pixel."""
    cells = _cells(rng)
    if weather == "snowy":
        return np.max([_disc(x + 2, y + 2, 1.4) for x, y in cells], 0)
    drops = [[(x + 3.2, y - 2), (x + 2.2, y + 4.4), (x + 0.8, y + 4.4)] for x, y in cells]
    return _polygons(*drops)


def _bolt(x: float) -> np.ndarray:
    zigzag = [(2, 0), (7, 0), (4, 8), (8, 8), (0, 22), (2.6, 12), (-2, 12)]
    return _polygons([(x + u, 2 + v) for u, v in zigzag])


def _banks(rng: np.random.Generator) -> np.ndarray:
    """Three soft horizontal banks of fog."""
    rows = np.arange(SIZE)[:, None] + 0.5
    heights = (np.arange(3) * 20 + 4 * rng.integers(1, 5, 3) + 2)[None]
    bank = np.exp(-(((rows - heights) / 3.6) ** 2)).max(1).astype(np.float32)
    return np.repeat(bank[:, None], SIZE, 1)


@lru_cache(maxsize=512)
def _air(weather: str, variant: int) -> np.ndarray:
    """Coverage (64, 64) of what is in the air."""
    rng = np.random.default_rng(variant)
    if weather == "sunny":
        return _sun(50 - 4 * float(rng.integers(-1, 2)), 12 + 4 * float(rng.integers(-1, 1)))
    if weather == "stormy":
        return _bolt(8.0 + 4 * float(rng.integers(0, 11)))
    return _banks(rng) if weather == "foggy" else _falling(rng, weather)


def _ground(weather: str, picture: np.ndarray) -> np.ndarray:
    x = np.linspace(0, SIZE, 65)
    hill = HORIZON - 1.5 + 2.2 * np.sin(x * np.pi / 32 + 0.6)
    near = HORIZON + 8 + 1.6 * np.sin(x * np.pi / 32 + 3.4)
    for line, dark in ((hill, 0.0), (near, 0.07)):
        points = [(float(u), float(v)) for u, v in zip(x, line, strict=True)]
        cover = _polygons([*points, (64.0, 65.0), (0.0, 65.0)])
        picture = over(picture, cover, paint(GROUND[weather]) * np.float32(1 - dark))
    return picture


@lru_cache(maxsize=16)
def land(weather: str) -> np.ndarray:
    """Sky and ground: (64, 64, 3) in [0, 1]."""
    top, low = (paint(colour) for colour in SKY[weather])
    rise = np.linspace(0, 1, HORIZON, dtype=np.float32)[:, None, None]
    picture = np.empty((SIZE, SIZE, 3), np.float32)
    picture[:HORIZON] = top + rise * (low - top)
    picture[HORIZON:] = low
    return _ground(weather, picture)


def with_air(picture: np.ndarray, weather: str, variant: int, share: float) -> np.ndarray:
    """A share of the sun, drops, flakes, fog or lightning in front of sky and ground."""
    cover = _air(weather, variant) * np.float32(share)
    return over(picture, cover, paint(IN_THE_AIR[weather]))
