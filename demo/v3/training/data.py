"""Scenes for the training, drawn anew for every batch: none is ever seen twice."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ...latent import to_signed
from ..model.latent import PatchLatent, fit
from ..model.vocabulary import Vocabulary
from ..world import scenes as world
from ..world.captions import caption

DROP_CAPTION = 0.1
"""Share of the pictures without a caption, for guidance."""
UNKNOWN_WORD = 0.05
"""Share of the captions with an unknown word somewhere."""
FIT_SEED, FIT_SCENES = 20, 4000


def fit_space() -> PatchLatent:
    """The latent space of this world."""
    pictures = np.stack([world.render(scene) for scene in world.scenes(FIT_SCENES, FIT_SEED)])
    return fit(to_signed(pictures))


def caption_rows(
    scene: world.Scene, rng: np.random.Generator, vocabulary: Vocabulary
) -> np.ndarray:
    """A caption of the scene as rows of the embedding table: (77,)."""
    if rng.random() < DROP_CAPTION:
        return vocabulary.rows("")
    rows = vocabulary.rows(caption(scene, rng))
    if rng.random() < UNKNOWN_WORD:
        rows = np.insert(rows, rng.integers(1, 6), len(vocabulary) - 1)[:-1]
    return rows


def batch(
    rng: np.random.Generator, count: int, pairs: float, vocabulary: Vocabulary, space: PatchLatent
) -> tuple[Tensor, Tensor]:
    """Clean latents (count, 48, 16, 16) and caption rows (count, 77).

    pairs: share of the scenes with two things.
    """
    found = [world.random_scene(rng, 1 + int(rng.random() < pairs)) for _ in range(count)]
    pictures = to_signed(np.stack([world.render(scene) for scene in found]))
    rows = np.stack([caption_rows(scene, rng, vocabulary) for scene in found])
    return space.encode(pictures), torch.from_numpy(rows)
