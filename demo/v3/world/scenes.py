"""Demo world v3: scenes of one or two things as data, their pictures and exact masks.

Everything random comes from the generator that is passed in: equal seeds give equal pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TypeVar

import numpy as np

from ...sprites import SIZE
from .backdrop import VARIANTS, Colour, land, over, paint, with_air
from .looks import pattern_cover
from .sprites import Sprite, sprite
from .styles import AIR, NIGHT, Inks, body_tone, bordered, inks, land_tone
from .words import COLOURS, KINDS, MATERIALS, PATTERNS, SIZES, STYLES, WEATHERS, WORDS_OF

_T = TypeVar("_T")

RGB: dict[str, Colour] = {
    "red": (222, 36, 40),
    "orange": (246, 128, 20),
    "yellow": (255, 218, 32),
    "green": (34, 150, 62),
    "teal": (16, 178, 176),
    "blue": (34, 84, 220),
    "purple": (130, 48, 190),
    "pink": (250, 130, 190),
}
GRID = 4
"""Things stand on whole latent pixels: a network learns each drawing once, not in every cut."""
PAIR_SHARE = 0.5
"""Share of the scenes with two things."""
OVERLAP = 0.06
"""How much of the smaller of two things the other may hide."""
TOO_CLOSE = 12
"""Pixels by which the boxes of two things may run into each other."""
PAINT_ON_GLASS = 0.75
"""How opaque a pattern is on glass, which is nearly as clear as air."""
WORD_WEIGHT = 0.6
"""How often a kind is drawn for each of its two-meaning words; once for its own names."""


@dataclass(frozen=True)
class Object:
    """One thing in a scene: its kind and looks, and its centre in pixels."""

    kind: str
    colour: str
    pattern: str = "plain"
    material: str = "plastic"
    size: str = "large"
    centre: tuple[int, int] = (32, 32)


@dataclass(frozen=True)
class Scene:
    """A picture as data, its things from left to right. ``seed`` arranges the weather."""

    objects: tuple[Object, ...]
    weather: str
    style: str = "flat"
    seed: int = 0


@cache
def kind_weights() -> np.ndarray:
    """How often each kind is drawn (kinds,): both meanings of a word come equally often."""
    weights = np.array([1 + WORD_WEIGHT * len(WORDS_OF[kind]) for kind in KINDS])
    return weights / weights.sum()


def _one(rng: np.random.Generator, choices: tuple[_T, ...]) -> _T:
    return choices[rng.integers(len(choices))]


def _object(rng: np.random.Generator, kind: str) -> Object:
    """A thing with random looks, not placed yet."""
    return Object(
        kind,
        _one(rng, tuple(COLOURS)),
        _one(rng, tuple(PATTERNS)),
        _one(rng, tuple(MATERIALS)),
        _one(rng, tuple(SIZES)),
    )


def _kinds(rng: np.random.Generator, count: int) -> list[str]:
    """Kinds of things that share no word."""
    found: list[str] = []
    while len(found) < count:
        kind = KINDS[int(np.searchsorted(kind_weights().cumsum(), rng.random()))]
        taken = {word for other in found for word in (other, *WORDS_OF[other])}
        if taken.isdisjoint((kind, *WORDS_OF[kind])):
            found.append(kind)
    return found


def _placed(rng: np.random.Generator, thing: Object) -> Object:
    """The thing at a random place of the grid where all of it is in the picture."""
    left, top, right, bottom = _sprite(thing).box
    spots = [
        tuple(range(-(low // GRID) * GRID, (SIZE - high) // GRID * GRID + 1, GRID))
        for low, high in ((left, right), (top, bottom))
    ]
    return replace(thing, centre=(_one(rng, spots[0]), _one(rng, spots[1])))


def _apart(first: Object, second: Object) -> bool:
    """Whether two things stand clearly one left of the other and hide little of each other."""
    if second.centre[0] - first.centre[0] < 3 * GRID:
        return False
    gap = _gap(first, second)
    if gap >= 0 or gap < -TOO_CLOSE:
        return gap >= 0
    one, other = mask_of(first), mask_of(second)
    return bool((one * other).sum() <= OVERLAP * min(one.sum(), other.sum()))


def _gap(first: Object, second: Object) -> int:
    """Pixels between two things' boxes, along the axis where they are further apart."""
    gaps = []
    for axis in (0, 1):
        low, high = sorted((first, second), key=lambda thing: thing.centre[axis])
        end = low.centre[axis] + _sprite(low).box[2 + axis]
        gaps.append(high.centre[axis] + _sprite(high).box[axis] - end)
    return max(gaps)


def _pair(rng: np.random.Generator) -> tuple[Object, ...]:
    """Two things that both find room, from left to right."""
    kinds = _kinds(rng, 2)
    while True:
        things = [_object(rng, kind) for kind in kinds]
        for _ in range(40):
            placed = sorted((_placed(rng, thing) for thing in things), key=lambda t: t.centre[0])
            if _apart(*placed):
                return tuple(placed)


def random_scene(rng: np.random.Generator, things: int = 0) -> Scene:
    """A scene with every look drawn uniformly, of one or two things; 0 for either."""
    if (things or 1 + int(rng.random() < PAIR_SHARE)) == 2:
        objects = _pair(rng)
    else:
        objects = (_placed(rng, _object(rng, _kinds(rng, 1)[0])),)
    weather, style = _one(rng, tuple(WEATHERS)), _one(rng, tuple(STYLES))
    return Scene(objects, weather, style, int(rng.integers(2**31)))


def _sprite(thing: Object) -> Sprite:
    return sprite(thing.kind, thing.material, thing.size)


def _moved(image: np.ndarray, thing: Object) -> np.ndarray:
    """Move a centred image to where the thing stands; a sprite's border is empty."""
    dx, dy = thing.centre[0] - SIZE // 2, thing.centre[1] - SIZE // 2
    return np.roll(image, (dy, dx), (0, 1))


def _body(thing: Object, drawn: Sprite, tones: Inks, style: str) -> np.ndarray:
    """The colours of the body everywhere (64, 64, 3): fill, pattern, material."""
    picture = np.broadcast_to(tones.fill, (SIZE, SIZE, 3))
    picture = over(picture, pattern_cover(thing.pattern), tones.paint)
    picture = body_tone(style, picture)
    picture = over(picture, _moved(drawn.shade, thing) * np.float32(0.8), tones.shade)
    return over(picture, _moved(drawn.light, thing), tones.light)


def _halo(picture: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Neon light around a thing."""
    near = mask
    for axis in (0, 1, 0, 1):
        near = (near + np.roll(near, 1, axis) + np.roll(near, -1, axis)) / 3
        near = (near + np.roll(near, 2, axis) + np.roll(near, -2, axis)) / 3
    return over(picture, near * np.float32(0.55), colour)


def _with_thing(picture: np.ndarray, thing: Object, style: str) -> np.ndarray:
    drawn, tones = _sprite(thing), inks(style, paint(RGB[thing.colour]))
    if style == "neon":
        picture = _halo(picture, _moved(drawn.mask, thing), tones.rim)
    body = _moved(drawn.body, thing)[..., None]
    light = _moved(drawn.light, thing)[..., None]
    painted = np.maximum(light, PAINT_ON_GLASS * pattern_cover(thing.pattern)[..., None])
    opaque = body * (drawn.opacity + (1 - drawn.opacity) * painted)
    picture = picture + opaque * (_body(thing, drawn, tones, style) - picture)
    picture = over(picture, _moved(drawn.edge, thing), tones.rim)
    cover, detail = _moved(drawn.cover, thing)[..., None], _moved(drawn.detail, thing)
    if style == "neon":
        detail = detail + 0.12 * (cover * NIGHT - detail)
    return picture * (1 - cover) + detail


@lru_cache(maxsize=2048)
def _backdrop(weather: str, style: str, variant: int) -> np.ndarray:
    picture = land_tone(style, land(weather))
    return bordered(style, with_air(picture, weather, variant, AIR[style]))


def render(scene: Scene) -> np.ndarray:
    """The picture: (64, 64, 3) uint8."""
    picture = _backdrop(scene.weather, scene.style, scene.seed % VARIANTS)
    for thing in scene.objects:
        picture = _with_thing(picture, thing, scene.style)
    return (picture.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def mask_of(thing: Object) -> np.ndarray:
    """Where a thing is, were it alone: (64, 64) coverage in [0, 1]."""
    return _moved(_sprite(thing).mask, thing)


def object_mask(scene: Scene, index: int = 0) -> np.ndarray:
    """Where a thing of the scene is: (64, 64) coverage in [0, 1]; later ones cover it."""
    mask = mask_of(scene.objects[index])
    for later in scene.objects[index + 1 :]:
        mask = mask * (1 - mask_of(later))
    return mask


def scenes(count: int, seed: int) -> Iterator[Scene]:
    """``count`` random scenes from a seed."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield random_scene(rng)
