"""Signed vectors: what is steered with them, and where only their positive part serves."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.measure.steer import positive_weights, towards, towards_and_away, unit_effects
from hrv_pack.hrv.rescale import blend

G = torch.tensor([0.02, -0.08, 0.0, 0.04])


@pytest.mark.parametrize("reach", [0.5, 1.0, 2.0])
def test_the_strength_is_the_reach_of_the_most_decisive_head(reach):
    r = blend(towards(G), reach)
    assert torch.allclose(r, 1 + reach * G / 0.08)
    assert float((r - 1).abs().max()) == pytest.approx(reach)


def test_the_two_readings_of_one_measurement_steer_by_one_vector():
    assert torch.allclose(towards_and_away(G, -G), towards(G))
    assert torch.allclose(towards_and_away(-G, G), towards(-G))
    assert torch.allclose(towards(G) + towards(-G), torch.full((4,), 2.0))


def test_only_the_direction_of_a_vector_counts():
    other = torch.tensor([1.0, 2.0, -1.0, 0.0])
    assert torch.allclose(
        towards_and_away(100 * G, other, 2.0, 1.0), towards_and_away(G, 7 * other, 2.0, 1.0)
    )


def test_weights_are_the_positive_part_with_the_sum_of_a_voted_hrv():
    weights = positive_weights(G)
    assert torch.allclose(weights, torch.tensor([4 / 3, 0.0, 0.0, 8 / 3]))
    assert torch.equal(positive_weights(weights), weights)


@pytest.mark.parametrize("g", [torch.zeros(3), torch.tensor([1.0, torch.nan])])
def test_nothing_is_steered_by_a_vector_without_effects(g):
    with pytest.raises(ValueError, match="nothing to steer by"):
        unit_effects(g)


def test_towards_and_away_from_the_same_reading_is_refused():
    with pytest.raises(ValueError, match="two different readings"):
        towards_and_away(G, G)


def test_there_are_no_weights_where_every_head_works_against_the_reading():
    with pytest.raises(ValueError, match="no weights"):
        positive_weights(-G.abs())
