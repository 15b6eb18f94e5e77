"""Head effects against finite differences and literal maps, in float64; sums and their merging."""

from __future__ import annotations

import itertools

import pytest
import torch
from literal_share import way_share
from two_layers import CHANNELS, IMAGES, SIDE, TOTAL, Net, readings

from hrv_pack.hrv.measure import precision
from hrv_pack.hrv.measure.effect import Effects, image_effects, way_direction


@pytest.fixture(scope="module")
def scene():
    """Noisy latents, the prompt, and the ways from one reading's prediction to the other's."""
    x, prompt, a, b = readings()
    return x, prompt, b - a


def effects(scene, at=None, net=None):
    x, prompt, way = scene
    r = torch.ones(len(x), TOTAL, dtype=torch.float64) if at is None else at.clone()
    r.requires_grad_()
    return image_effects(way_share((net or Net())(x, prompt, r), way), r)


@pytest.mark.parametrize("at", [1.0, -2.0, 0.3])
def test_effects_are_central_finite_differences_of_the_share(scene, at):
    x, prompt, way = scene
    r = torch.full((IMAGES, TOTAL), at, dtype=torch.float64)
    found, by = effects(scene, r), 1e-5
    for head in range(TOTAL):
        step = torch.zeros_like(r)
        step[:, head] = by
        ends = [way_share(Net()(x, prompt, r + sign * step), way) for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / (2 * by)
        assert (found[:, head] - expected).abs().max() < 1e-8 * found.abs().max()


def test_effects_are_those_of_literally_rescaled_maps(scene):
    found, expected = effects(scene), effects(scene, net=Net(literal=True))
    assert found.abs().min() > 0
    assert (found - expected).abs().max() < 1e-13 * expected.abs().max()


def test_a_device_without_float64_gives_the_same_effects_but_for_rounding(scene, monkeypatch):
    expected = effects(scene)
    monkeypatch.setattr(precision, "_WITHOUT_FLOAT64", ("cpu",))
    assert way_share(scene[2], scene[2]).dtype == torch.float32
    assert (effects(scene) - expected).abs().max() < 1e-6 * expected.abs().max()


def test_an_image_has_the_effects_it_has_alone_and_in_any_order(scene):
    x, prompt, way = scene
    together = effects(scene)
    turned = effects((x.flip(0), prompt, way.flip(0))).flip(0)
    alone = torch.cat([effects((x[i : i + 1], prompt, way[i : i + 1])) for i in range(IMAGES)])
    for other in (turned, alone):
        assert (together - other).abs().max() < 1e-13 * together.abs().max()


def test_the_share_is_0_at_one_reading_and_1_at_the_other():
    generator = torch.Generator().manual_seed(2)
    a, b = torch.randn(2, IMAGES, CHANNELS, SIDE, SIDE, generator=generator)
    difference = way_share(b, b - a) - way_share(a, b - a)
    assert torch.allclose(difference, torch.ones(IMAGES, dtype=torch.float64), atol=1e-6)
    longer = way_share(b, 5 * (b - a))
    assert torch.allclose(longer, way_share(b, b - a) / 5)


def test_swapped_readings_change_the_sign_alone(scene):
    x, prompt, way = scene
    assert torch.equal(effects((x, prompt, -way)), -effects(scene))


@pytest.mark.parametrize("spoilt", [0.0, float("nan"), float("inf")])
def test_a_way_without_a_length_is_refused(spoilt):
    way = torch.ones(2, CHANNELS, SIDE, SIDE)
    way[1] = spoilt
    with pytest.raises(ValueError, match="draws differently"):
        way_direction(way)


def some_effects(seed, images=4):
    generator = torch.Generator().manual_seed(seed)
    found = Effects.none(3, torch.ones(TOTAL))
    for step, _ in itertools.product(range(3), range(images)):
        found = found.with_images(step, torch.randn(2, TOTAL, generator=generator))
    return found


def test_the_mean_is_over_every_step_and_image():
    every = torch.randn(3, 5, TOTAL, generator=torch.Generator().manual_seed(3))
    found = Effects.none(3, torch.ones(TOTAL))
    for step in range(3):
        found = found.with_images(step, every[step, :2]).with_images(step, every[step, 2:])
    expected = every.double().mean(dim=(0, 1))
    assert (found.mean() - expected).abs().max() < 1e-15
    assert found.counts.tolist() == [5, 5, 5]


def test_runs_add_up_in_any_order_but_for_the_rounding_of_float64():
    one, two, three = (some_effects(seed) for seed in (4, 5, 6))
    together = one.merged(two).merged(three)
    for other in (three.merged(two).merged(one), one.merged(two.merged(three))):
        assert torch.equal(other.counts, together.counts)
        largest = sum(each.sums.abs() for each in (one, two, three))
        assert bool(((other.sums - together.sums).abs() <= 4e-16 * 3 * largest).all())
    assert torch.equal(one.merged(Effects.none(3, torch.ones(TOTAL))).sums, one.sums)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Effects.none(2, torch.ones(TOTAL)), "cannot be added"),
        (Effects.none(3, torch.ones(TOTAL + 1)), "cannot be added"),
        (Effects.none(3, torch.zeros(TOTAL)), "different points"),
    ],
)
def test_effects_that_do_not_belong_together_are_not_added(other, message):
    with pytest.raises(ValueError, match=message):
        some_effects(7).merged(other)


def test_nothing_measured_and_nothing_finite_are_errors():
    with pytest.raises(ValueError, match="No image has been measured"):
        Effects.none(3, torch.ones(TOTAL)).mean()
    with pytest.raises(ValueError, match="not finite"):
        Effects.none(3, torch.ones(TOTAL)).with_images(1, torch.full((1, TOTAL), torch.nan))
