"""The demo world: 64 x 64 pictures of one object, with captions and exact masks.

A scene is data (`Scene`); `render` turns it into a picture, `caption` into words. Everything
random comes from the generator that is passed in, so equal seeds give equal pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from .shapes import WHITE, Colour
from .sprites import SIZE, SUPERSAMPLING, sprite

GROUPS: dict[str, tuple[str, ...]] = {
    "Animals": ("cat", "fish", "bird", "mouse"),
    "Vehicles": ("car", "boat", "plane"),
    "Fruits": ("apple", "banana", "pear"),
    "Electronics": ("phone", "computer mouse", "camera"),
}
OBJECTS: tuple[str, ...] = tuple(name for names in GROUPS.values() for name in names)
MICE: tuple[str, str] = ("mouse", "computer mouse")
"""The two objects that the bare word "mouse" may mean."""

COLOURS: dict[str, Colour] = {
    "red": (214, 38, 38),
    "green": (30, 140, 62),
    "blue": (36, 84, 214),
    "yellow": (250, 204, 21),
    "purple": (132, 52, 186),
    "pink": (246, 128, 182),
}
PATTERNS: tuple[str, ...] = ("plain", "striped", "dotted")
WEATHERS: tuple[str, ...] = ("sunny", "rainy", "snowy")

CENTRE = (0, 3)
"""Where an unshifted object stands, in pixels right of and below the picture's centre."""
JITTER = 6
SCALES: tuple[float, ...] = (0.9, 0.95, 1.0, 1.05, 1.1)
HORIZON = 48

SKY: dict[str, Colour] = {
    "sunny": (160, 212, 250),
    "rainy": (122, 132, 148),
    "snowy": (222, 228, 240),
}
GROUND: dict[str, Colour] = {
    "sunny": (142, 198, 104),
    "rainy": (84, 98, 96),
    "snowy": (250, 250, 253),
}
SUN: Colour = (255, 226, 96)
RAIN: Colour = (184, 204, 230)


@dataclass(frozen=True)
class Object:
    """One thing in a scene: its kind, colour, pattern, shift in pixels and scale."""

    kind: str
    colour: str
    pattern: str
    shift: tuple[int, int] = (0, 0)
    scale: float = 1.0


@dataclass(frozen=True)
class Scene:
    """A picture as data. ``seed`` places the raindrops, snowflakes and the sun."""

    objects: tuple[Object, ...]
    weather: str
    seed: int = 0


def group_of(kind: str) -> str:
    """The concept group of an object."""
    for group, kinds in GROUPS.items():
        if kind in kinds:
            return group
    raise ValueError(f"The demo world has no object {kind!r}; it has {', '.join(OBJECTS)}.")


def random_scene(rng: np.random.Generator) -> Scene:
    """A scene with every attribute drawn uniformly."""
    x, y = rng.integers(-JITTER, JITTER + 1, 2)
    thing = Object(
        kind=OBJECTS[rng.integers(len(OBJECTS))],
        colour=tuple(COLOURS)[rng.integers(len(COLOURS))],
        pattern=PATTERNS[rng.integers(len(PATTERNS))],
        shift=(int(x), int(y)),
        scale=SCALES[rng.integers(len(SCALES))],
    )
    weather = WEATHERS[rng.integers(len(WEATHERS))]
    return Scene((thing,), weather, int(rng.integers(2**31)))


@cache
def pattern_cover(pattern: str) -> np.ndarray:
    """How much white the pattern lays over the body: (64, 64) in [0, 1].

    Both patterns repeat every 8 pixels and stand still while the object moves.
    """
    side = SIZE * SUPERSAMPLING
    y, x = (np.mgrid[:side, :side] + 0.5) / SUPERSAMPLING
    if pattern == "striped":
        white = (x + y) % 8 < 3.4
    elif pattern == "dotted":
        white = (x % 8 - 4) ** 2 + (y % 8 - 4) ** 2 < 2.3**2
    else:
        white = np.zeros_like(x, dtype=bool)
    fine = white.astype(np.float32)
    return fine.reshape(SIZE, SUPERSAMPLING, SIZE, SUPERSAMPLING).mean((1, 3))


def _disc(x: float, y: float, radius: float) -> np.ndarray:
    """Antialiased coverage (64, 64) of a disc."""
    rows, columns = np.ogrid[:SIZE, :SIZE]
    distance = np.sqrt((columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2)
    return np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)


@lru_cache(maxsize=64)
def _weather_cover(weather: str, variant: int) -> np.ndarray:
    """Coverage (64, 64) of sun, raindrops or snowflakes in one of 64 arrangements."""
    rng = np.random.default_rng(variant)
    if weather == "sunny":
        return _disc(53 + rng.uniform(-2, 2), 11 + rng.uniform(-2, 2), 7)
    cover = np.zeros((SIZE, SIZE), np.float32)
    for row in range(4):
        for column in range(4):
            x, y = 16 * column + rng.uniform(2, 14), 16 * row + rng.uniform(2, 14)
            steps = np.linspace(-2.5, 2.5, 8) if weather == "rainy" else (0.0,)
            radius = 0.55 if weather == "rainy" else 1.6
            for step in steps:
                cover = np.maximum(cover, _disc(x - 0.4 * step, y + step, radius))
    return cover


@lru_cache(maxsize=192)
def _background(weather: str, variant: int) -> np.ndarray:
    """Sky, ground and weather: (64, 64, 3) in [0, 1]."""
    picture = np.empty((SIZE, SIZE, 3), np.float32)
    picture[:HORIZON] = np.asarray(SKY[weather], np.float32) / 255
    picture[HORIZON:] = np.asarray(GROUND[weather], np.float32) / 255
    drops = {"sunny": SUN, "rainy": RAIN, "snowy": WHITE}[weather]
    return _over(picture, _weather_cover(weather, variant), drops)


def _over(picture: np.ndarray, cover: np.ndarray, colour: Colour) -> np.ndarray:
    """Paint a colour over the picture where ``cover`` says so."""
    return picture + cover[..., None] * (np.asarray(colour, np.float32) / 255 - picture)


def _shifted(image: np.ndarray, thing: Object) -> np.ndarray:
    """Move a centred image to where the object stands; the sprite's rim is empty."""
    dx, dy = thing.shift[0] + CENTRE[0], thing.shift[1] + CENTRE[1]
    return np.roll(image, (dy, dx), (0, 1))


def render(scene: Scene) -> np.ndarray:
    """The picture: (64, 64, 3) uint8."""
    picture = _background(scene.weather, scene.seed % 64)
    for thing in scene.objects:
        drawn = sprite(thing.kind, thing.scale)
        body = _shifted(drawn.body, thing)
        picture = _over(picture, body, COLOURS[thing.colour])
        picture = _over(picture, body * pattern_cover(thing.pattern), WHITE)
        cover = _shifted(drawn.cover, thing)[..., None]
        picture = picture * (1 - cover) + _shifted(drawn.detail, thing)
    return (picture * 255 + 0.5).astype(np.uint8)


def object_mask(scene: Scene, index: int = 0) -> np.ndarray:
    """Where the object is: (64, 64) coverage in [0, 1]."""
    thing = scene.objects[index]
    return _shifted(sprite(thing.kind, thing.scale).mask, thing)


def scenes(count: int, seed: int) -> Iterator[Scene]:
    """``count`` random scenes from a seed."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield random_scene(rng)
