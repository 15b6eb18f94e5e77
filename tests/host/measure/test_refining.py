"""Refinement on tiny real models: what it descends, what it samples, and what it gives."""

from __future__ import annotations

import dataclasses

import comfy.model_management
import pytest
import torch
from measure_scene import READINGS, SETTINGS, far_apart, prompt

import nodes as host_nodes
from hrv_pack.hrv.measure.steer import towards
from hrv_pack.hrv.rescale import blend, strengthening
from hrv_pack.nodes.effects import sampling
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.measure.aims import Goal
from hrv_pack.nodes.measure.hook import Measuring, Tally, Task
from hrv_pack.nodes.measure.node import HRVMeasure
from hrv_pack.nodes.measure.readings import INSTEAD, PLAIN, WANTED, read_scene
from hrv_pack.nodes.measure.run import measure, sample_images
from hrv_pack.nodes.prompts.tag import TAG
from hrv_pack.nodes.steering.rescale import Rescale, WordRescale

pytestmark = pytest.mark.usefixtures("host", "inference")
BEYOND = 0.5
ONE_STEP = dataclasses.replace(SETTINGS, steps=1)


@pytest.fixture
def scene(clip):
    return far_apart(read_scene(clip, prompt(clip), READINGS))


def at(model, scene, r, settings=ONE_STEP):
    """What a pass finds at r (H,), and the images that it sampled."""
    tallies, numbers = [], list(range(settings.images))
    task = Task(scene, Goal(r, BEYOND), settings.checkpointing)
    before = Tally.none(settings.steps, r)
    hook = Measuring(task, before, numbers, tallies.append, lambda: None)
    images = sample_images(add_hooks(model, [hook]), scene.conditionings, settings, numbers)
    return tallies[0].point(), images


def some_r(model, seed=4):
    return 1 + torch.rand(len(model_heads(model)), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("structure", ["sd1", "sdxl"])
def test_the_descent_is_half_the_falling_distance_by_differences(models, scene, structure):
    """At the first step, whose noisy latent does not depend on r."""
    model, by = models[structure], 0.05
    r = some_r(model)
    descent = at(model, scene, r)[0].descent
    direction = (descent / descent.abs().max()).float()
    ends = [at(model, scene, r + sign * by * direction)[0].distance for sign in (1, -1)]
    slope = (ends[0] - ends[1]) / (2 * by)
    assert slope < 0
    assert float(descent @ direction.double()) == pytest.approx(-slope / 2, rel=1e-3)


def test_the_images_of_a_pass_are_steered_by_its_vector(models, scene):
    model = models["sd1"]
    r = some_r(model)
    words = [WordRescale(p, scene.positions[p.id], r, 1e9, 0.0) for p in scene.prompts]
    steered = add_hooks(model, [Rescale(words, "steered")])
    expected = sample_images(steered, scene.conditionings, SETTINGS, [0, 1])
    assert torch.equal(at(model, scene, r, SETTINGS)[1], expected)


def test_passes_bring_the_word_nearer_and_tell_how_far_they_are(models, scene):
    told = []
    settings = dataclasses.replace(SETTINGS, passes=3)
    found = measure(models["sd1"], scene, settings, lambda *progress: told.append(progress))
    refined = found.refined
    assert len(refined.distances) == 3 and refined.left < 1
    assert torch.equal(found.row, refined.r.double() - 1)
    steps = SETTINGS.images * SETTINGS.steps * 3
    assert told[-1] == (steps, steps) and len(told) == SETTINGS.steps * 3


def close(found, expected, tolerance):
    return (found.row - expected.row).abs().max() < tolerance * expected.row.abs().max()


def test_batches_and_the_order_of_joined_prompts_do_not_matter(models, clip, scene, monkeypatch):
    settings = dataclasses.replace(SETTINGS, passes=2)
    other = host_nodes.CLIPTextEncode().encode(clip, "in a garden")[0]
    joined = [
        far_apart(read_scene(clip, both, READINGS))
        for both in (prompt(clip) + other, other + prompt(clip))
    ]
    assert close(*(measure(models["sd1"], each, settings) for each in joined), 1e-3)
    together = measure(models["sd1"], scene, settings)
    monkeypatch.setattr(sampling, "LARGE_BATCH", 1)
    assert close(measure(models["sd1"], scene, settings), together, 1e-3)


def test_the_model_is_untouched_also_where_a_later_pass_is_cancelled(models, scene, monkeypatch):
    model = models["sd1"]
    plain = sample_images(model, scene.conditionings, SETTINGS, [0])
    steps = []

    def cancel():
        steps.append(1)
        if len(steps) == SETTINGS.steps + 1:
            raise comfy.model_management.InterruptProcessingException

    name = "throw_exception_if_processing_interrupted"
    with monkeypatch.context() as cancelled:
        cancelled.setattr(comfy.model_management, name, cancel)
        with pytest.raises(comfy.model_management.InterruptProcessingException):
            measure(model, scene, dataclasses.replace(SETTINGS, passes=3))
    for module in model.get_model_object("diffusion_model").modules():
        assert not module._forward_hooks and "forward" not in vars(module)
    assert torch.equal(sample_images(model, scene.conditionings, SETTINGS, [0]), plain)


def test_steering_at_the_told_strength_is_the_refined_vector(model, clip):
    asked = {"images": 2, "steps": 2, "seed": 3, "cfg": 4.0, "width": 64, "height": 64}
    rows = ("computer mouse", "mouse animal")
    found = HRVMeasure.execute(model, clip, prompt(clip), "mouse", *rows, **asked, passes=3).args[0]
    strength = float(found.provenance["strength"])
    assert found.provenance["passes"] == "3" and 0 < float(found.provenance["distance left"]) < 1
    row = found.row(rows[0])
    assert strength == pytest.approx(float(row.abs().max()), abs=0.005)
    r = blend(strengthening(found, rows[0]), strength)
    assert (r - (1 + row)).abs().max() < 0.005
    assert torch.allclose(towards(found.row(rows[1])), 2 - towards(row), rtol=0, atol=1e-6)


def test_a_word_that_no_pass_brings_nearer_is_an_error(models, scene):
    """Both readings all but the prompt itself, so that a whole step goes far too far."""
    almost = [
        [1.001 * embedding, {k: v for k, v in options.items() if k != TAG}]
        for embedding, options in scene.conditionings[PLAIN]
    ]
    lists = {**scene.conditionings, WANTED: almost, INSTEAD: almost}
    there = dataclasses.replace(scene, conditionings=lists)
    with pytest.raises(ValueError, match=r"No pass brought .mouse. nearer to .computer mouse."):
        measure(models["sd1"], there, dataclasses.replace(SETTINGS, passes=2))
