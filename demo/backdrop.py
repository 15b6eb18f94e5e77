"""The demo world's backdrops: sky, ground and what the weather puts in the air."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .shapes import WHITE, Colour
from .sprites import SIZE

WEATHERS: tuple[str, ...] = ("sunny", "rainy", "snowy", "foggy")
HORIZON = 48

SKY: dict[str, Colour] = {
    "sunny": (160, 212, 250),
    "rainy": (122, 132, 148),
    "snowy": (214, 222, 244),
    "foggy": (190, 186, 172),
}
GROUND: dict[str, Colour] = {
    "sunny": (142, 198, 104),
    "rainy": (84, 98, 96),
    "snowy": (250, 250, 253),
    "foggy": (164, 158, 142),
}
IN_THE_AIR: dict[str, Colour] = {
    "sunny": (255, 226, 96),
    "rainy": (184, 204, 230),
    "snowy": WHITE,
    "foggy": (226, 224, 216),
}
"""The sun, raindrops, snowflakes and banks of fog."""


def over(picture: np.ndarray, cover: np.ndarray, colour: Colour) -> np.ndarray:
    """Paint a colour over the picture (H, W, 3) in [0, 1] where ``cover`` (H, W) says so."""
    return picture + cover[..., None] * (np.asarray(colour, np.float32) / 255 - picture)


def _disc(x: float, y: float, radius: float) -> np.ndarray:
    """Antialiased coverage (64, 64) of a disc."""
    rows, columns = np.ogrid[:SIZE, :SIZE]
    distance = np.sqrt((columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2)
    return np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)


def _banks(rng: np.random.Generator) -> np.ndarray:
    """Three soft horizontal banks of fog: coverage (64, 64)."""
    rows = np.arange(SIZE)[:, None] + 0.5
    heights = (np.arange(3) * 20 + rng.uniform(4, 16, 3))[None]
    bank = np.exp(-(((rows - heights) / 4) ** 2)).max(1).astype(np.float32)
    return np.repeat(bank[:, None], SIZE, 1)


def _drops(rng: np.random.Generator, weather: str) -> np.ndarray:
    """Raindrops or snowflakes: coverage (64, 64)."""
    cover = np.zeros((SIZE, SIZE), np.float32)
    for row in range(4):
        for column in range(4):
            x, y = 16 * column + rng.uniform(2, 14), 16 * row + rng.uniform(2, 14)
            steps = np.linspace(-2.5, 2.5, 8) if weather == "rainy" else (0.0,)
            radius = 0.55 if weather == "rainy" else 1.6
            for step in steps:
                cover = np.maximum(cover, _disc(x - 0.4 * step, y + step, radius))
    return cover


@lru_cache(maxsize=256)
def _air(weather: str, variant: int) -> np.ndarray:
    """Coverage (64, 64) of what is in the air, in one of 64 arrangements."""
    rng = np.random.default_rng(variant)
    if weather == "sunny":
        return _disc(53 + rng.uniform(-2, 2), 11 + rng.uniform(-2, 2), 7)
    return _banks(rng) if weather == "foggy" else _drops(rng, weather)


@lru_cache(maxsize=256)
def backdrop(weather: str, variant: int) -> np.ndarray:
    """Sky, ground and weather: (64, 64, 3) in [0, 1], in one of 64 arrangements."""
    picture = np.empty((SIZE, SIZE, 3), np.float32)
    picture[:HORIZON] = np.asarray(SKY[weather], np.float32) / 255
    picture[HORIZON:] = np.asarray(GROUND[weather], np.float32) / 255
    return over(picture, _air(weather, variant), IN_THE_AIR[weather])
