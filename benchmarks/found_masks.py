"""Masks of generated demo pictures: what is not the world's known background, or, where the
object's kind and colours are known, where its render is most like the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
from scipy import ndimage

from ..demo.shapes import WHITE
from ..demo.world import (
    GROUND,
    HORIZON,
    JITTER,
    RAIN,
    SCALES,
    SKY,
    SUN,
    Scene,
    object_mask,
    render,
    scenes,
)

_NEAR = 0.2
"""The largest channel difference at which a pixel still has a background colour."""


def find_mask(picture: np.ndarray, weather: str) -> np.ndarray:
    """The object's mask (64, 64) bool in a picture (64, 64, 3) in 0..1 of this weather.

    Pixels unlike sky, ground and what falls from the sky; white stripes and dots are closed,
    specks opened, and the largest piece is kept with its holes filled.
    """
    drops = {"sunny": SUN, "rainy": RAIN, "snowy": WHITE}[weather]
    ground = np.empty_like(picture)
    ground[:HORIZON], ground[HORIZON:] = SKY[weather], GROUND[weather]
    unlike = np.abs(picture - ground / 255).max(-1) > _NEAR
    unlike &= np.abs(picture - np.asarray(drops, np.float32) / 255).max(-1) > _NEAR
    edges = slice(HORIZON - 1, HORIZON + 1)
    unlike[edges] &= ndimage.binary_dilation(unlike, iterations=1)[edges]
    disc = ndimage.generate_binary_structure(2, 1)
    closed = ndimage.binary_closing(np.pad(unlike, 4), disc, iterations=3)[4:-4, 4:-4]
    opened = ndimage.binary_opening(ndimage.binary_fill_holes(closed), disc)
    pieces, count = ndimage.label(opened)
    if not count:
        return opened
    sizes = ndimage.sum_labels(opened, pieces, range(1, count + 1))
    return pieces == 1 + int(np.argmax(sizes))


def redraw(pictures: np.ndarray, scene: Scene) -> list[Scene]:
    """For each of the pictures (n, 64, 64, 3) in 0..1 the scene that draws it best.

    scene: what the pictures show; its object is drawn at every place and scale there is, and the
    render with the least squared difference is taken.
    """
    (thing,) = scene.objects
    steps = range(-JITTER, JITTER + 1)
    every = [
        replace(scene, objects=(replace(thing, shift=(x, y), scale=scale),))
        for x, y, scale in product(steps, steps, SCALES)
    ]
    drawn = np.stack([render(one).ravel() for one in every]).astype(np.float32) / 255
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    distance = (drawn**2).sum(axis=1) - 2 * flat @ drawn.T  # up to a constant of the picture
    return [every[i] for i in distance.argmin(axis=1)]


def finder_score(count: int = 200, seed: int = 99) -> float:
    """Mean IoU of `find_mask` with exact masks on held-out renders, blurred and noised."""
    scores = [
        overlap(find_mask(picture, scene.weather), scene) for scene, picture in _spoilt(count, seed)
    ]
    return float(np.mean(scores))


def drawing_score(count: int = 40, seed: int = 99) -> float:
    """The same of the masks of `redraw`, which is told all but place, scale and raindrops."""
    scores = []
    for scene, picture in _spoilt(count, seed):
        (drawn,) = redraw(picture[None], replace(scene, seed=0))
        scores.append(overlap(object_mask(drawn) > 0.5, scene))
    return float(np.mean(scores))


def overlap(found: np.ndarray, scene: Scene) -> float:
    """IoU of a mask with the scene's exact one."""
    exact = object_mask(scene) > 0.5
    return float((found & exact).sum() / (found | exact).sum())


def _spoilt(count: int, seed: int) -> Iterator[tuple[Scene, np.ndarray]]:
    """Scenes with their renders, blurred and noised."""
    rng = np.random.default_rng(seed)
    for scene in scenes(count, seed):
        soft = _blurred(render(scene).astype(np.float32) / 255)
        yield scene, np.clip(soft + rng.normal(0, 0.03, soft.shape), 0, 1).astype(np.float32)


def _blurred(picture: np.ndarray) -> np.ndarray:
    """The picture (64, 64, 3) under a 3 x 3 binomial filter."""
    for axis in (0, 1):
        near = np.roll(picture, 1, axis) + np.roll(picture, -1, axis)
        picture = picture / 2 + near / 4
    return picture
