"""Masks of generated demo pictures: what is not the world's known background."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..demo.shapes import WHITE
from ..demo.world import GROUND, HORIZON, RAIN, SKY, SUN, object_mask, render, scenes

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


def finder_score(count: int = 200, seed: int = 99) -> float:
    """Mean IoU of found with exact masks on held-out renders, blurred and noised."""
    rng, scores = np.random.default_rng(seed), []
    for scene in scenes(count, seed):
        soft = _blurred(render(scene).astype(np.float32) / 255)
        picture = np.clip(soft + rng.normal(0, 0.03, soft.shape), 0, 1).astype(np.float32)
        found, exact = find_mask(picture, scene.weather), object_mask(scene) > 0.5
        scores.append((found & exact).sum() / (found | exact).sum())
    return float(np.mean(scores))


def _blurred(picture: np.ndarray) -> np.ndarray:
    """The picture (64, 64, 3) under a 3 x 3 binomial filter."""
    for axis in (0, 1):
        near = np.roll(picture, 1, axis) + np.roll(picture, -1, axis)
        picture = picture / 2 + near / 4
    return picture
