"""HRVs of the parts of the denoising: how they separate, and their picture."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from hrv_pack.hrv.draw.timestep_bins import part_vectors, parts_map, plane, separation
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance, normalise_votes

HEADS = HeadTable((("down", 0, 8), ("up", 0, 8)))


def _relevance(steady: bool) -> HeadRelevance:
    """Heads that keep their concept (steady), or that change it from part to part."""
    parts = torch.ones(3, 4, 16, dtype=torch.int64)
    for part in range(3):
        for head in range(16):
            parts[part, (head + (0 if steady else part)) % 4, head] += 20
    votes = parts.sum(dim=0)
    words = tuple((name,) for name in "abcd")
    return HeadRelevance(tuple("abcd"), words, HEADS, normalise_votes(votes), {}, votes, parts)


def test_each_part_is_normalised_like_the_whole():
    relevance = _relevance(steady=False)
    vectors = part_vectors(relevance.timestep_bins)
    for part, votes in zip(vectors, relevance.timestep_bins, strict=True):
        torch.testing.assert_close(part.float(), normalise_votes(votes))


def test_separation_tells_concepts_from_parts():
    steady = separation(part_vectors(_relevance(steady=True).timestep_bins))
    assert steady[0] == pytest.approx(1.0) and steady[1] < 0.3
    changing = separation(part_vectors(_relevance(steady=False).timestep_bins))
    assert changing[0] < 0.3


def test_points_of_a_steady_concept_fall_together():
    points = plane(part_vectors(_relevance(steady=True).timestep_bins))
    assert points.shape == (3, 4, 2)
    torch.testing.assert_close(points[0], points[2])


@pytest.mark.parametrize("dark", [False, True])
def test_the_picture_is_drawn(dark):
    pixels = parts_map(_relevance(steady=True), dark)
    assert pixels.dtype == np.uint8 and pixels.shape[2] == 3
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20


def test_without_parts_it_says_how_to_count_them():
    with pytest.raises(ValueError, match="'parts' set to"):
        parts_map(dataclasses.replace(_relevance(steady=True), timestep_bins=None))
