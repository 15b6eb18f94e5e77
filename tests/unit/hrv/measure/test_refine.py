"""Refined rescale vectors: the descent against finite differences, and that passes descend."""

from __future__ import annotations

import pytest
import torch
from two_layers import IMAGES, TOTAL, Net, readings

from hrv_pack.hrv.measure.effect import image_effects
from hrv_pack.hrv.measure.refine import Point, Refining, distances, further, goal, refined
from hrv_pack.hrv.measure.steer import towards
from hrv_pack.hrv.rescale import blend

BEYOND = 0.5


def distance(r):
    """L(r) of the small model."""
    x, prompt, a, b = readings()
    prediction = Net()(x, prompt, r.double().expand(IMAGES, -1))
    return float(distances(prediction, goal(b, a, BEYOND)).mean())


def point(r):
    """What a pass finds at r."""
    x, prompt, a, b = readings()
    variable = r.double().repeat(IMAGES, 1).requires_grad_()
    prediction, aimed = Net()(x, prompt, variable), goal(b, a, BEYOND)
    missing = (aimed - prediction).detach()
    effects = image_effects((prediction * missing).flatten(1).sum(dim=1), variable)
    near = distances(prediction.detach(), aimed)
    return Point(r, float(near.mean()), effects.mean(dim=0))


@pytest.mark.parametrize("at", [1.0, -2.0, 0.3])
def test_the_descent_is_half_the_falling_distance_by_finite_differences(at):
    r, by = torch.full((TOTAL,), at, dtype=torch.float64), 1e-5
    found = point(r).descent
    for head in range(TOTAL):
        step = torch.zeros_like(r)
        step[head] = by
        slope = (distance(r + step) - distance(r - step)) / (2 * by)
        assert abs(float(found[head]) + slope / 2) < 1e-7 * float(found.abs().max())


def test_each_pass_more_comes_at_least_as_near():
    first = distance(torch.ones(TOTAL))
    left = []
    for passes in range(1, 7):
        found = refined(point, TOTAL, Refining(passes))
        assert len(found.distances) == passes and found.distances[0] == first
        assert distance(found.r) == min(found.distances)
        assert found.left == min(found.distances) / first
        left.append(found.left)
    assert left == sorted(left, reverse=True)
    assert left[0] == 1 and left[-1] < 0.8


def test_a_single_pass_leaves_the_model_as_it_is():
    found = refined(point, TOTAL, Refining(1))
    assert torch.equal(found.r, torch.ones(TOTAL)) and found.strength == 0


def test_the_direction_steers_by_the_refined_vector_at_its_strength():
    found = refined(point, TOTAL, Refining(4))
    assert found.strength > 0
    steered = blend(towards(found.r - 1), found.strength)
    assert torch.allclose(steered, found.r, rtol=0, atol=1e-6)


def test_a_pass_that_comes_no_nearer_is_followed_by_one_half_as_far_from_the_best():
    tried = []

    def measured(r):
        """A valley whose lowest point is at r = (1.3, 1)."""
        tried.append(r[0].item())
        away = r - torch.tensor([1.3, 1.0])
        return Point(r, float(away.square().sum()), -away)

    found = refined(measured, 2, Refining(5))
    assert tried == pytest.approx([1.0, 2.0, 1.5, 1.0, 1.25])
    assert found.r.tolist() == pytest.approx([1.25, 1.0])


def test_no_head_is_moved_beyond_the_reach():
    start = Point(torch.tensor([1.0, 1.0, -0.5]), 1.0, torch.tensor([4.0, 2.0, -3.0]))
    assert further(start, 1.0, 3.0).tolist() == [2.0, 1.5, -1.25]
    assert further(start, 4.0, 2.0).tolist() == [3.0, 3.0, -1.0]


def test_the_goal_lies_beyond_the_wanted_reading():
    _, _, a, b = readings()
    assert torch.equal(goal(b, a, 0.0), b)
    assert torch.allclose(goal(b, a, 0.5), 1.5 * b - 0.5 * a)
    assert torch.allclose(distances(b, goal(b, a, 2.0)), 4 * distances(b, a))


def test_heads_without_an_effect_are_refused():
    with pytest.raises(ValueError, match="No head has a measured effect"):
        refined(lambda r: Point(r, 1.0, torch.zeros(3)), 3, Refining(2))


@pytest.mark.parametrize(
    "changed", [{"passes": 0}, {"length": 0.0}, {"reach": -1.0}, {"beyond": -0.1}]
)
def test_settings_out_of_range_are_refused(changed):
    with pytest.raises(ValueError, match=r"or more|above 0"):
        Refining(**changed)
