"""The size of the compared maps."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.excite.plan import _auto_level


@pytest.mark.parametrize(
    ("levels", "latent", "resampled", "expected"),
    [
        ((0, 1, 2, 3), (64, 64), True, 3),  # SD1.5 at 512: 8 x 8, as published
        ((0, 1, 2, 3), (64, 64), False, 2),
        ((1, 2), (128, 128), True, 3),  # SDXL: resampled to 16 x 16
        ((1, 2), (128, 128), False, 2),
        ((0, 1, 2, 3), (32, 32), True, 2),  # 4 x 4 would be too coarse
        ((0, 1, 2, 3), (64, 32), False, 2),
        ((0, 1), (8, 8), True, 0),  # the demo model: 8 x 8 and 4 x 4
        ((0, 1), (8, 8), False, 0),
        ((0, 1, 2, 3), (48, 64), True, 3),  # 6 x 8
        ((0, 1, 2, 3), (41, 64), True, 3),  # rounded up to 6
        ((0, 1, 2, 3), (40, 64), True, 2),
        ((1, 3), (64, 64), False, 1),  # both one halving off: the finer
        ((1, 2), (4, 4), False, 1),  # nothing is large enough: the finest there is
    ],
)
def test_auto_map_size_is_published_or_the_nearest_that_is_not_too_coarse(
    levels: tuple[int, ...], latent: tuple[int, int], resampled: bool, expected: int
) -> None:
    assert _auto_level(levels, latent, resampled) == expected
