"""The image of growing HRVs."""

from __future__ import annotations

import numpy as np
import torch

from hrv_pack.hrv.construct.vectors import vectors_of
from hrv_pack.hrv.draw.live_map import live_map


def test_the_live_map_has_a_row_for_each_concept():
    votes = torch.tensor([[3, 0, 0], [0, 3, 0], [0, 0, 0]])
    pixels = live_map(vectors_of(votes))
    assert pixels.shape[1] == 1024 // 3 * 3 and pixels.dtype == np.uint8
    rows = pixels.reshape(3, -1, *pixels.shape[1:])[:, 0]
    assert (rows[0] != rows[1]).any() and (rows[2] == rows[2][0]).all()
