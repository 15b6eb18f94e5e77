"""What may be set in A&E-HRV: the published values, and what is refused."""

from __future__ import annotations

import math

import pytest
import torch

from hrv_pack.hrv.excite.filters import Smoothing
from hrv_pack.hrv.excite.settings import (
    ExciteSettings,
    MapReading,
    StepPlan,
    StepSizes,
    Threshold,
    parse_thresholds,
    published_kernel,
    published_slice,
    thresholds_by_step,
)


def test_step_sizes_are_the_published_ones():
    sizes = [StepSizes(20.0, 1.0, 0.5).at(i, 51) for i in range(51)]
    expected = 20 * torch.linspace(1, 0.5, 51).sqrt()
    assert sizes == pytest.approx(expected.tolist(), rel=1e-6)
    assert StepSizes().at(0, 1) == 20.0


@pytest.mark.parametrize("steps", [50, 51])
def test_thresholds_fall_on_the_published_steps(steps):
    asked = parse_thresholds("0: 0.05, 0.2: 0.5, 0.4: 0.8")
    assert thresholds_by_step(asked, steps) == {0: 0.05, 10: 0.5, 20: 0.8}
    assert thresholds_by_step(asked, 3) == {0: 0.5, 1: 0.8}
    assert parse_thresholds(" ") == ()


def test_of_thresholds_on_one_step_the_highest_counts():
    for text in ("0: 0.8, 0.2: 0.5, 0.3: 0.6", "0: 0.5, 0.2: 0.6, 0.3: 0.8"):
        assert thresholds_by_step(parse_thresholds(text), 3) == {0: 0.8}


@pytest.mark.parametrize("text", ["0.5", "0: high", "1.2: 0.5", "0: 1.5", "0: 0.1: 0.2"])
def test_thresholds_that_cannot_be_read_are_an_error(text):
    with pytest.raises(ValueError, match="Expected thresholds such as"):
        parse_thresholds(text)


def test_a_step_is_planned_within_the_share_of_the_steps_alone():
    settings = ExciteSettings(share=0.5)
    assert settings.at(0, 50) == StepPlan(eta=20.0, target=0.95, refinements=20)
    assert settings.at(11, 50) == StepPlan(StepSizes().at(11, 50), target=1.0, refinements=20)
    assert settings.at(24, 50) is not None and settings.at(25, 50) is None
    assert ExciteSettings(step_sizes=StepSizes(factor=0.0)).at(0, 50) is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ExciteSettings(share=1.5), "move_until.* between 0 and 1; found 1.5"),
        (lambda: ExciteSettings(refinements=-1), "refinements must be 0 or more; found -1"),
        (lambda: StepSizes(factor=-20.0), "scale_factor.* must be 0 or more; found -20"),
        (lambda: StepSizes(factor=math.inf), "must be 0 or more; found inf"),
        (lambda: StepSizes(start=math.nan), "range_start must be 0 or more; found nan"),
        (lambda: Threshold(1.0, 0.5), "Expected a threshold"),
        (lambda: Smoothing("gaussian", 0.0), "smoothing_sigma must be more than 0; found 0.0"),
        (lambda: Smoothing("flat", 0.5), "smoothing_kernel must be one of: gaussian, wide"),
        (lambda: MapReading(None, "all"), "token_slice must be one of: .*; found 'all'"),
        (lambda: MapReading(None, "words", "1/2"), "map_size must be one of: auto, 1/4, .*'1/2'"),
    ],
)
def test_settings_that_mean_nothing_are_an_error(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_kernel_and_slice_are_those_of_the_two_codes():
    assert published_kernel(True) == "gaussian" and published_kernel(False) == "wide"
    assert published_slice(True, "SD1.x") == published_slice(True, "SD2.x") == "all but first"
    assert published_slice(False, "SD1.x") == published_slice(False, "SDXL")
    assert published_slice(False, "SDXL") == "all but first and last"
    assert published_slice(False, "SD2.x") == "words"
