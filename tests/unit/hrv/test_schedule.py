"""Laws of steps, ranges and timestep bins."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.schedule import step_of, steps_within, timestep_bin_of


def test_ranges_round_down_as_published():
    assert [steps_within(f, 51) for f in (0.8, 0.0, 1.0)] == [40, 0, 51]
    assert [steps_within(f, 50) for f in (0.4, 0.9)] == [20, 45]
    assert steps_within(0.29, 100) == 29  # 0.29 * 100 is a little less than 29


def test_evaluations_between_two_levels_belong_to_the_step_before():
    sigmas = torch.tensor([14.6, 5.0, 1.0, 0.0])
    levels = [14.6, 9.0, 5.0, 2.0, 1.0, 0.3]
    assert [step_of(s, sigmas) for s in levels] == [0, 0, 1, 1, 2, 2]
    assert step_of(float(sigmas[1]), sigmas) == 1
    assert step_of(0.0, sigmas) == 2  # the end belongs to the last step


@pytest.mark.parametrize("steps", [1, 2, 7, 20, 51])
@pytest.mark.parametrize("last", [0.0, 0.03])
def test_each_timestep_bin_takes_an_equal_share_of_the_steps(steps, last):
    levels = torch.linspace(14.6**0.2, 0.05**0.2, steps) ** 5
    sigmas = torch.cat([levels, torch.tensor([last])])
    for bins in (1, 2, 3, 10):
        found = [timestep_bin_of(float(level), sigmas, bins) for level in levels]
        assert found == [step * bins // steps for step in range(steps)]


def test_a_level_that_was_rounded_on_the_way_is_in_the_bin_of_its_step():
    sigmas = torch.tensor([14.6, 5.0, 1.0, 0.2, 0.0])
    for factor in (1 - 3e-5, 1.0, 1 + 3e-5):
        found = [timestep_bin_of(float(level) * factor, sigmas, 2) for level in sigmas[:-1]]
        assert found == [0, 0, 1, 1]


@pytest.mark.parametrize("steps", range(1, 201))
def test_ranges_are_prompt_to_prompts_in_multiples_of_five_steps(steps):
    """Its code counts a share of the evaluations, one more than steps with PNDM; self-replace does
    not. Written in whole tenths, so that no rounding decides."""
    assert steps_within(0.9, steps) == 9 * steps // 10
    assert steps_within(0.8, steps) == 8 * steps // 10
    published = 8 * (steps + 1) // 10
    assert published - steps_within(0.8, steps) == (steps % 5 != 0)
