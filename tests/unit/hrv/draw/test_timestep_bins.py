"""The image of HRVs of timestep bins."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hrv_pack.hrv.construct.vectors import normalise_votes
from hrv_pack.hrv.draw.timestep_bins import timestep_bins_map
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance

HEADS = HeadTable((("down", 0, 8), ("up", 0, 8)))


def relevance(counted_apart: bool = True) -> HeadRelevance:
    bins = torch.ones(3, 4, 16, dtype=torch.int64)
    for head in range(16):
        bins[:, head % 4, head] += 20
    votes, words = bins.sum(dim=0), tuple((name,) for name in "abcd")
    kept = bins if counted_apart else None
    return HeadRelevance(tuple("abcd"), words, HEADS, normalise_votes(votes), {}, votes, kept)


@pytest.mark.parametrize("dark", [False, True])
def test_the_image_is_drawn(dark):
    pixels = timestep_bins_map(relevance(), dark)
    assert pixels.dtype == np.uint8 and pixels.shape[2] == 3
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20


def test_without_timestep_bins_it_says_how_to_count_them():
    with pytest.raises(ValueError, match="timestep bins set to"):
        timestep_bins_map(relevance(counted_apart=False))
