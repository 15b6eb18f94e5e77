"""Laws of the demo model's training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytestmark = pytest.mark.usefixtures("host")


def test_time_steps_are_in_range_and_mostly_in_the_upper_middle() -> None:
    from hrv_pack.demo.train_unet import Settings, draw_steps

    torch.manual_seed(0)
    steps = draw_steps(20_000, 1000, Settings())
    assert steps.min() >= 0 and steps.max() <= 999
    # Uniform they would be 40 % here, and 20 % below 200.
    assert ((steps >= 500) & (steps < 900)).float().mean() > 0.6
    assert 0.03 < (steps < 200).float().mean() < 0.1


def test_lone_batches_hold_one_object_and_a_given_latent_space_is_kept() -> None:
    from hrv_pack.demo.latent import PatchLatent
    from hrv_pack.demo.train_unet import Dataset, Settings
    from hrv_pack.demo.vocabulary import Vocabulary

    settings = Settings(dataset=40, batch=64)
    fitted = Dataset(settings, Vocabulary(), quiet=True)
    assert 0 < len(fitted.lone) < 40
    latents, rows = fitted.batch(np.random.default_rng(0), lone=True)
    known = fitted.latents[fitted.lone].float().flatten(1)
    same = (latents.flatten(1)[:, None] == known[None]).all(-1)
    assert same.any(1).all()
    assert latents.shape == (64, 48, 8, 8) and rows.shape == (64, 77)
    space = PatchLatent()
    assert Dataset(settings, Vocabulary(), space, quiet=True).space is space
