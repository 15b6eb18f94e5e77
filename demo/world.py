"""The demo world: 64 x 64 pictures of one or two objects, with captions and exact masks.

A scene is data (`Scene`); `render` turns it into a picture, `caption` into words. Everything
random comes from the generator that is passed in, so equal seeds give equal pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from .backdrop import WEATHERS, backdrop, over
from .shapes import Colour
from .sprites import SIZE, SUPERSAMPLING, Sprite, sprite
from .styles import STYLES, style_of

_T = TypeVar("_T")

GROUPS: dict[str, tuple[str, ...]] = {
    "Animals": ("cat", "fish", "mouse", "beetle", "crane"),
    "Vehicles": ("boat", "plane", "beetle car", "crane truck"),
    "Fruits": ("apple", "banana", "blackberry"),
    "Electronics": ("phone", "camera", "computer mouse", "blackberry phone"),
}
OBJECTS: tuple[str, ...] = tuple(name for names in GROUPS.values() for name in names)
MEANINGS: dict[str, tuple[str, str]] = {
    "mouse": ("mouse", "computer mouse"),
    "beetle": ("beetle", "beetle car"),
    "crane": ("crane", "crane truck"),
    "blackberry": ("blackberry", "blackberry phone"),
}
"""Words with two meanings: the two objects that the bare word may mean."""
BARE: dict[str, str] = {kind: word for word, kinds in MEANINGS.items() for kind in kinds}
"""Object -> its two-meaning word."""

COLOURS: dict[str, Colour] = {
    "red": (214, 38, 38),
    "green": (30, 140, 62),
    "blue": (36, 84, 214),
    "yellow": (255, 222, 30),
    "purple": (132, 52, 186),
    "pink": (246, 128, 182),
    "orange": (242, 122, 20),
    "teal": (16, 164, 170),
}
PATTERNS: tuple[str, ...] = ("plain", "striped", "dotted", "checked")
SIZES: dict[str, float] = {"large": 14.5, "small": 11.0}
"""Half the width of an object in pixels."""

PAIR_SHARE = 0.6
"""Share of the scenes with two objects."""
PLACES: tuple[int, ...] = (16, 48)
"""Where the objects of a pair stand, in pixels from the left."""
LONE_PLACES: tuple[int, ...] = (16, 24, 32, 40, 48)
"""Where an object alone may stand, in pixels from the left."""
HEIGHTS: tuple[int, ...] = (27, 35, 43)
"""Where objects may stand, in pixels from the top.

All places are whole latent pixels apart: a small network then has to learn each shape once, and
not once for every way in which the latent's patches may cut it.
"""


@dataclass(frozen=True)
class Object:
    """One thing in a scene: its kind, colour, pattern, size and centre in pixels."""

    kind: str
    colour: str
    pattern: str
    size: str = "large"
    centre: tuple[int, int] = (32, 35)


@dataclass(frozen=True)
class Scene:
    """A picture as data. ``seed`` places the raindrops, snowflakes and the sun."""

    objects: tuple[Object, ...]
    weather: str
    style: str = "flat"
    seed: int = 0


def group_of(kind: str) -> str:
    """The concept group of an object."""
    for group, kinds in GROUPS.items():
        if kind in kinds:
            return group
    raise ValueError(f"The demo world has no object {kind!r}; it has {', '.join(OBJECTS)}.")


def _one(rng: np.random.Generator, choices: tuple[_T, ...]) -> _T:
    return choices[rng.integers(len(choices))]


def _object(rng: np.random.Generator, kind: str, x: int) -> Object:
    """A thing with random attributes and height at ``x`` pixels from the left."""
    return Object(
        kind=kind,
        colour=_one(rng, tuple(COLOURS)),
        pattern=_one(rng, PATTERNS),
        size=_one(rng, tuple(SIZES)),
        centre=(x, _one(rng, HEIGHTS)),
    )


def random_scene(rng: np.random.Generator) -> Scene:
    """A scene with every attribute drawn uniformly; two objects never share a word."""
    kinds = [OBJECTS[i] for i in rng.permutation(len(OBJECTS))]
    first = kinds[0]
    second = next(k for k in kinds if BARE.get(k, k) != BARE.get(first, first))
    if rng.random() < PAIR_SHARE:
        things = tuple(_object(rng, k, x) for k, x in zip((first, second), PLACES, strict=True))
    else:
        things = (_object(rng, first, _one(rng, LONE_PLACES)),)
    return Scene(things, _one(rng, WEATHERS), _one(rng, tuple(STYLES)), int(rng.integers(2**31)))


@cache
def pattern_cover(pattern: str) -> np.ndarray:
    """How much the pattern paints over the body: (64, 64) in [0, 1].

    All patterns repeat every 8 pixels and stand still while the object moves.
    """
    side = SIZE * SUPERSAMPLING
    y, x = (np.mgrid[:side, :side] + 0.5) / SUPERSAMPLING
    if pattern == "striped":
        painted = (x + y) % 8 < 3.4
    elif pattern == "dotted":
        painted = (x % 8 - 4) ** 2 + (y % 8 - 4) ** 2 < 2.3**2
    elif pattern == "checked":
        painted = (x % 8 < 4) ^ (y % 8 < 4)
    else:
        painted = np.zeros_like(x, dtype=bool)
    fine = painted.astype(np.float32)
    return fine.reshape(SIZE, SUPERSAMPLING, SIZE, SUPERSAMPLING).mean((1, 3))


def _moved(image: np.ndarray, thing: Object) -> np.ndarray:
    """Move a centred image to where the object stands; the sprite's rim is empty."""
    dx, dy = thing.centre[0] - SIZE // 2, thing.centre[1] - SIZE // 2
    return np.roll(image, (dy, dx), (0, 1))


def _sprite(thing: Object) -> Sprite:
    return sprite(thing.kind, SIZES[thing.size])


def render(scene: Scene) -> np.ndarray:
    """The picture: (64, 64, 3) uint8."""
    style = style_of(scene.style)
    picture = style.backdrop(backdrop(scene.weather, scene.seed % 64))
    for thing in scene.objects:
        drawn = _sprite(thing)
        body, edge = _moved(drawn.body, thing), _moved(drawn.edge, thing)
        fill, paint, line = style.inks(COLOURS[thing.colour])
        picture = over(picture, body, fill)
        picture = over(picture, body * pattern_cover(thing.pattern), paint)
        picture = over(picture, edge, line) if line else picture
        cover = _moved(drawn.cover, thing)[..., None]
        detail = _moved(drawn.detail, thing)
        picture = picture * (1 - cover) + style.details(detail, cover)
    return (picture * 255 + 0.5).astype(np.uint8)


def object_mask(scene: Scene, index: int = 0) -> np.ndarray:
    """Where the object is: (64, 64) coverage in [0, 1]."""
    thing = scene.objects[index]
    return _moved(_sprite(thing).mask, thing)


def scenes(count: int, seed: int) -> Iterator[Scene]:
    """``count`` random scenes from a seed."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield random_scene(rng)
