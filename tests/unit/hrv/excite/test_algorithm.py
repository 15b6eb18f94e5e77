"""One step of Attend-and-Excite on losses that can be worked out by hand."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.excite.algorithm import LossAndGradient, excite_step, update_latent
from hrv_pack.hrv.excite.settings import StepPlan


class Slope:
    """L = x of each image's one pixel, so that its gradient is 1; absent images have no loss."""

    def __init__(self, x, absent=()):
        self.x, self.absent, self.passes, self.reports = x, absent, 0, []

    def gradient_pass(self):
        self.passes += 1
        values = [max(0.0, value) for value in self.x.flatten().tolist()]
        losses = tuple(None if i in self.absent else loss for i, loss in enumerate(values))
        has_loss = [loss is not None and loss > 0 for loss in losses]
        gradient = torch.tensor(has_loss, dtype=torch.float32).view_as(self.x)
        return LossAndGradient(losses, ("cat",) * len(losses), gradient, (1, 1))

    def report(self, found, refinements):
        self.reports.append((found.losses, refinements))


def latents(*values):
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1)


def after_step(x, plan, scale=1.0, absent=()):
    slope = Slope(x, absent)
    excite_step(x, scale, plan, slope.gradient_pass, slope.report)
    return slope


def test_each_image_is_updated_once_by_its_own_loss():
    x = latents(0.9, 0.4, 0.0)
    slope = after_step(x, StepPlan(eta=0.1, target=1.0, refinements=20))
    assert x.flatten().tolist() == pytest.approx([0.8, 0.3, 0.0])
    assert slope.passes == 1 and [count for _, count in slope.reports] == [0]


def test_an_image_without_the_prompt_stays_bit_for_bit():
    x = latents(0.9, 0.7)
    slope = after_step(x, StepPlan(eta=0.1, target=0.0, refinements=2), absent=(1,))
    assert x[1].item() == latents(0.7).item() and x[0].item() < 0.9
    assert all(losses[1] is None for losses, _ in slope.reports)


def test_the_pass_that_meets_the_target_is_followed_by_its_update_and_by_the_steps_own():
    x = latents(1.0)
    slope = after_step(x, StepPlan(eta=0.25, target=0.5, refinements=20))
    # passes at 1, 0.75 and 0.5, which meets the target, each with its update; then the step's own
    assert slope.passes == 4 and x.item() == 0.0
    assert [count for _, count in slope.reports] == [1, 2, 3, 3]


def test_refinement_ends_at_its_limit():
    x = latents(1.0)
    slope = after_step(x, StepPlan(eta=0.0625, target=0.0, refinements=3))
    assert slope.passes == 4 and x.item() == 1 - 4 * 0.0625


def test_only_images_that_miss_the_target_are_refined():
    x = latents(1.0, 0.375)
    after_step(x, StepPlan(eta=0.125, target=0.5, refinements=3))
    assert x.flatten().tolist() == [0.5, 0.25]


def test_no_refinements_no_second_pass():
    slope = after_step(latents(1.0), StepPlan(eta=0.1, target=0.0, refinements=0))
    assert slope.passes == 1


def test_the_update_is_that_of_z_where_x_is_scale_times_z():
    z, gradient_in_z, scale = torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3), 14.6
    x = scale * z
    update_latent(x, scale, 0.3, gradient_in_z / scale, [0, 1])
    assert torch.allclose(x, scale * (z - 0.3 * gradient_in_z), atol=1e-5)


def test_a_loss_that_is_not_finite_counts_as_none_above():
    found = LossAndGradient((None, float("nan"), 0.5), ("", "", ""), latents(0, 0, 0), (1, 1))
    assert found.above(0.4) == {2}
