"""How heat and outlines are laid over an image."""

from __future__ import annotations

import torch

from hrv_pack.hrv.draw.overlay import colour_map, outlined, overlay


def test_overlay_shows_heat_and_leaves_no_colour_out_of_range():
    image, heat = torch.rand(2, 8, 6, 3), torch.rand(2, 8, 6)
    shown = overlay(image, heat)
    assert shown.shape == image.shape and shown.min() >= 0 and shown.max() <= 1
    assert torch.equal(overlay(image, heat, opacity=0.0), image)
    grey = colour_map(torch.tensor([[[0.0, 0.5, 1.0]]]), "gray")
    torch.testing.assert_close(grey[0, 0, :, 0], torch.tensor([0.0, 128 / 255, 1.0]))


def test_the_outline_runs_around_the_mask_not_over_it():
    mask = torch.zeros(1, 7, 7, dtype=torch.bool)
    mask[:, 2:5, 2:5] = True
    shown = outlined(torch.zeros(1, 7, 7, 3), mask)[0, ..., 0]
    wanted = torch.zeros(7, 7)
    wanted[1:6, 1:6], wanted[2:5, 2:5] = 1, 0
    assert torch.equal(shown, wanted)
