"""Laws of cosines, and of how HRVs of timestep bins separate."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.similarity import cosine, cosine_matrix, plane, separation


def vectors(steady: bool) -> torch.Tensor:
    """HRVs (3, 4, 16) of heads that keep their concept, or change it from bin to bin."""
    found = torch.ones(3, 4, 16, dtype=torch.float64)
    for part in range(3):
        for head in range(16):
            found[part, (head + (0 if steady else part)) % 4, head] += 20
    return found * (16 / found.sum(dim=-1, keepdim=True))


def test_no_cosine_is_above_one() -> None:
    """By rounding some of a vector with itself would be."""
    vectors = torch.rand(200, 128, generator=torch.Generator().manual_seed(1))
    assert float(cosine_matrix(vectors).max()) <= 1.0


def test_cosines_match_a_literal_reference() -> None:
    vectors = torch.rand(4, 18, generator=torch.Generator().manual_seed(5)) ** 4
    rows = vectors.double().tolist()
    found = cosine_matrix(vectors)
    assert found.dtype == torch.float64
    torch.testing.assert_close(cosine(vectors[:, None], vectors[None]), found)
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            dot = sum(x * y for x, y in zip(a, b, strict=True))
            norm = sum(x * x for x in a) ** 0.5 * sum(y * y for y in b) ** 0.5
            assert float(found[i, j]) == pytest.approx(dot / norm, abs=1e-12)


def test_a_vector_of_zeros_is_like_nothing():
    a = torch.rand(3, 5) + 0.1
    assert cosine(a, torch.zeros(5)).tolist() == [0.0] * 3
    assert cosine_matrix(torch.zeros(2, 2, 5)).tolist() == [[[0.0] * 2] * 2] * 2


def test_separation_tells_concepts_from_timestep_bins():
    steady = separation(vectors(steady=True))
    assert steady[0] == pytest.approx(1.0) and steady[1] < 0.3
    changing = separation(vectors(steady=False))
    assert changing[0] < 0.3


def test_points_of_a_steady_concept_fall_together():
    points = plane(vectors(steady=True))
    assert points.shape == (3, 4, 2)
    torch.testing.assert_close(points[0], points[2])
