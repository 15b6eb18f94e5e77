"""Laws of the sizes at which a U-Net's layers work."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.resolution import layer_size, replaced_pixels, side, side_after


@pytest.mark.parametrize("latent", [(64, 64), (9, 7), (96, 64), (13, 33), (1, 8)])
def test_layer_sizes_follow_the_strided_convolutions(latent):
    size = latent
    for halved in range(4):
        assert size == tuple(side_after(length, halved) for length in latent)
        assert size == tuple(side(length, 2**halved) for length in latent)
        assert layer_size(latent, size[0] * size[1]) == size
        conv = torch.nn.Conv2d(1, 1, 3, stride=2, padding=1)
        size = tuple(conv(torch.zeros(1, 1, *size)).shape[-2:])
    assert layer_size((64, 64), 1000) is None


def test_replaced_layers_scale_with_the_image():
    assert replaced_pixels(64, 64, 4) == 256
    assert replaced_pixels(128, 128, 4) == 1024
    assert replaced_pixels(65, 96, 4) == 17 * 24  # the U-Net rounds halves up
