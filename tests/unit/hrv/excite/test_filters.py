"""Blur, resizing and smoothing of maps."""

from __future__ import annotations

import math

import pytest
import torch

from hrv_pack.hrv.excite.filters import (
    Smoothing,
    blur_sigma,
    blur_width,
    kernel_row,
    resized,
    smoothed,
)


@pytest.mark.parametrize(("res", "width", "sigma"), [(64, 9, 1.7), (32, 5, 1.1), (16, 3, 0.8)])
def test_blur_before_resizing_is_the_published_one(res, width, sigma):
    assert blur_width(res, 8) == width
    assert blur_sigma(width) == pytest.approx(sigma)


@pytest.mark.parametrize("length", range(9, 81))
def test_the_blur_is_odd_and_reaches_over_what_becomes_one_pixel(length):
    width = blur_width(length, 8)
    assert width % 2 == 1 and width - 2 < round(length / 8) + 1 <= width


def test_a_side_that_shrinks_alone_is_blurred_alone():
    """Maps that vary over y alone become the same, however many columns they have."""
    profile = torch.rand(1, 1, 16, 1, generator=torch.Generator().manual_seed(2))
    wide, narrow = (resized(profile.expand(1, 1, 16, n), (8, 8)) for n in (16, 8))
    torch.testing.assert_close(narrow, wide)


def test_a_map_of_the_wanted_size_is_untouched_and_flat_maps_stay_flat():
    maps = torch.rand(1, 2, 8, 8)
    assert resized(maps, (8, 8)) is maps
    for size in ((4, 4), (16, 16), (3, 5)):
        assert torch.allclose(resized(torch.ones(1, 2, 8, 8), size), torch.ones(1, 2, *size))
    assert torch.allclose(smoothed(torch.ones(1, 2, 2, 2), Smoothing("wide", 0.5)), torch.ones(1))


def test_the_wide_kernel_is_a_gaussian_of_root_two_sigma():
    wide = kernel_row(3, 0.5, "wide")
    assert torch.allclose(wide, kernel_row(3, 0.5 * math.sqrt(2)))
    assert float(wide.sum()) == pytest.approx(1.0)
    assert not torch.allclose(wide, kernel_row(3, 0.5))
