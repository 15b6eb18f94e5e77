"""Masks of the one object in a generated image, by drawing it again.

The judge has named what is there; size and place are those whose render is most like the image.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
from scipy import ndimage

from ...demo.backdrop import GROUND, HORIZON, IN_THE_AIR, SKY
from ...demo.sprites import SIZE, sprite
from ...demo.styles import style_of
from ...demo.world import SIZES, Object, Scene, object_mask, render, scenes

_NEAR = 0.11
"""The largest channel difference at which a pixel still has a colour of the backdrop."""
_DISC = ndimage.generate_binary_structure(2, 1)


def find(image: np.ndarray, scene: Scene) -> Scene:
    """The scene with its object's size and place as in the image (64, 64, 3) in [0, 1].

    scene: kind, colour, pattern, weather and style as the judge sees them.
    """

    def error(thing: Object) -> float:
        drawn = render(replace(scene, objects=(thing,))) / 255.0
        return float(((drawn - image) ** 2).mean())

    placed = min(_placed(scene.objects[0], _unlike(image, scene)), key=error)
    x, y = placed.centre
    near = [(x + dx, y + dy) for dx, dy in product((0, -1, 1), repeat=2)]
    best = min((replace(placed, centre=centre) for centre in near), key=error)
    return replace(scene, objects=(best,))


def find_mask(image: np.ndarray, scene: Scene) -> np.ndarray:
    """The mask (64, 64) bool of the object in an image; see `find`."""
    return object_mask(find(image, scene)) > 0.5


def finder_score(count: int = 60, seed: int = 99) -> float:
    """Mean IoU of found with exact masks on renders of one object, blurred and noised."""
    rng, scores = np.random.default_rng(seed), []
    for scene in scenes(count, seed):
        alone = replace(scene, objects=scene.objects[:1])
        soft = ndimage.gaussian_filter(render(alone) / 255.0, (0.7, 0.7, 0))
        image = np.clip(soft + rng.normal(0, 0.03, soft.shape), 0, 1)
        exact = object_mask(alone) > 0.5
        found = find_mask(image, replace(alone, objects=(_unplaced(alone.objects[0]),)))
        scores.append((found & exact).sum() / (found | exact).sum())
    return float(np.mean(scores))


def _unplaced(thing: Object) -> Object:
    return Object(thing.kind, thing.colour, thing.pattern)


def _unlike(image: np.ndarray, scene: Scene) -> np.ndarray:
    """Where an image has none of the backdrop's colours, closed and with holes filled."""
    backdrop = np.empty((SIZE, SIZE, 3))
    backdrop[:HORIZON], backdrop[HORIZON:] = SKY[scene.weather], GROUND[scene.weather]
    air = np.broadcast_to(np.asarray(IN_THE_AIR[scene.weather], float), backdrop.shape)
    style = style_of(scene.style)
    far = [np.abs(image - style.backdrop(p / 255)).max(-1) for p in (backdrop, air)]
    unlike = np.min(far, axis=0) > _NEAR
    closed = ndimage.binary_closing(np.pad(unlike, 4), _DISC, iterations=2)[4:-4, 4:-4]
    return ndimage.binary_opening(ndimage.binary_fill_holes(closed), _DISC)


def _placed(thing: Object, unlike: np.ndarray) -> list[Object]:
    """For each size the object where it overlaps best with what is unlike."""
    wanted = np.fft.rfft2(unlike.astype(float))
    found = []
    for size in SIZES:
        transform, area = _template(thing.kind, SIZES[size])
        both = np.fft.irfft2(wanted * transform, s=(SIZE, SIZE))
        overlap = both / (area + unlike.sum() - both).clip(1)
        y, x = np.unravel_index(int(overlap.argmax()), overlap.shape)
        middle = SIZE // 2
        centre = (int((x + middle) % SIZE), int((y + middle) % SIZE))
        found.append(replace(thing, size=size, centre=centre))
    return found


@cache
def _template(kind: str, half_width: float) -> tuple[np.ndarray, float]:
    mask = sprite(kind, half_width).mask
    return np.conj(np.fft.rfft2(mask)), float(mask.sum())
