"""Steering, capture and P2P where prompts are mixed by region, against regions written out."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import comfy.samplers
import literal_p2p as p2p
import pytest
import torch
from literal_steering import encode, prompt, sample, some_rescale, steer
from regions import Literal, Region, Steps, by_hooks, by_layers, by_rows, halves, negpip

from hrv_pack.nodes.host.hooks import Hook
from hrv_pack.nodes.host.layers import on_values
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.prompts.tag import prompts_of, tag

pytestmark = pytest.mark.usefixtures("host", "inference")
WAYS = ["rows", "layers", "hooks"]


class Scene:
    """A base prompt on the left and another on the right, which no sampler knows of."""

    def __init__(self, model, clip, way, strength=1.0):
        self.model, self.way = model, way
        self.base, self.other = prompt(clip, "a red cat"), prompt(clip, "a big green dog")
        self.negative = encode(clip, "bad")
        both = zip((self.base, self.other), halves(), (strength, 1.0), strict=True)
        self.regions = [Region(one[0][0], mask, s) for one, mask, s in both]

    def coupled(self, model):
        if self.way == "layers":
            return by_layers(model, self.regions, self.negative[0][0])
        return by_rows(model, self.regions) if self.way == "rows" else model

    @property
    def positive(self):
        return by_hooks(self.base, self.regions) if self.way == "hooks" else self.base

    def sample(self, model, batch=1):
        return sample(model, self.positive, self.negative, batch)

    def literal(self, monkeypatch, batch=1):
        with monkeypatch.context() as patch:
            written = Literal(self.model, self.regions).install(patch)
            return sample(self.model, self.base, self.negative, batch), written


class Seen(Hook[None]):
    """Remembers, without keeping them, the calls whose layers it has read."""

    label = "seen"

    def __init__(self):
        self.calls = []

    def attach(self, call):
        self.calls.append(weakref.ref(call))
        return on_values(call, call.layers[0], lambda _at, _device: None, lambda: None)


def close(found, expected):
    return (found - expected).abs().max() < 1e-4 * expected.abs().max()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("structure", ["sd1", "sdxl"])
def test_a_prompts_own_rows_are_steered_in_its_region(monkeypatch, models, clip, structure, way):
    scene = Scene(models[structure], clip, way)
    r = some_rescale(scene.model)
    scene.regions[0].rescaled = {3: r}
    literal = scene.literal(monkeypatch)[0]
    steered = scene.sample(scene.coupled(steer(scene.model, scene.base, "cat")))
    assert close(steered, literal)
    assert torch.equal(steered, scene.sample(steer(scene.coupled(scene.model), scene.base, "cat")))
    assert not close(scene.sample(scene.coupled(scene.model)), literal)


@pytest.mark.parametrize("way", WAYS)
def test_a_prompt_that_only_a_region_has_is_steered_there(monkeypatch, models, clip, way):
    scene = Scene(models["sd1"], clip, way)
    scene.regions[0].rescaled = {3: some_rescale(scene.model)}
    scene.regions[1].rescaled = {4: some_rescale(scene.model, seed=6)}
    literal = scene.literal(monkeypatch, batch=2)[0]
    both = steer(scene.model, scene.base, "cat")
    both = steer(both, scene.other, "dog", some_rescale(scene.model, seed=6))
    assert close(scene.sample(scene.coupled(both), batch=2), literal)


@pytest.mark.parametrize("way", WAYS)
def test_factors_of_one_leave_every_bit_of_a_couple(models, clip, way):
    scene = Scene(models["sd1"], clip, way)
    ones = torch.ones_like(some_rescale(scene.model))
    neutral = steer(steer(scene.model, scene.base, "cat", ones), scene.other, "dog", ones)
    plain = scene.sample(scene.coupled(scene.model))
    assert torch.equal(scene.sample(scene.coupled(neutral)), plain)


def test_rows_with_a_strength_are_known_again(monkeypatch, models, clip):
    scene = Scene(models["sd1"], clip, "rows", strength=0.7)
    scene.regions[0].rescaled = {3: some_rescale(scene.model)}
    literal = scene.literal(monkeypatch)[0]
    assert close(scene.sample(scene.coupled(steer(scene.model, scene.base, "cat"))), literal)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("captured", [0, 1])
def test_captured_maps_are_those_of_the_prompts_own_keys(monkeypatch, models, clip, way, captured):
    scene = Scene(models["sd1"], clip, way)
    conditioning, word, at = ((scene.base, "cat", 3), (scene.other, "dog", 4))[captured]
    watched, maps = HRVCapture.execute(scene.model, conditioning).args
    latent = scene.sample(scene.coupled(watched), batch=2)
    assert torch.equal(latent, scene.sample(scene.coupled(scene.model), batch=2))
    written = scene.literal(monkeypatch, batch=2)[1].maps
    for layer in maps.word(latent, word)[1]:
        steps = [one[captured][..., at] for one in written[layer.stage, layer.layer]]
        found = layer.maps[:, :, 0].flatten(-2).double()
        torch.testing.assert_close(found, torch.stack(steps).mean(dim=0), atol=1e-5, rtol=1e-4)


def test_regions_with_the_very_text_are_steered_alike(monkeypatch, models, clip):
    scene = Scene(models["sd1"], clip, "rows")
    scene.regions[1].embedding = encode(clip, "a red cat")[0][0]
    for region in scene.regions:
        region.rescaled = {3: some_rescale(scene.model)}
    literal = scene.literal(monkeypatch)[0]
    assert close(scene.sample(scene.coupled(steer(scene.model, scene.base, "cat"))), literal)


def test_two_prompts_with_one_text_are_refused(models, clip):
    scene = Scene(models["sd1"], clip, "rows")
    same = tag(scene.base, replace(prompts_of(scene.base)[0], id="another"))
    both = steer(steer(scene.model, scene.base, "cat"), same, "red")
    with pytest.raises(ValueError, match="have the same text"):
        scene.sample(scene.coupled(both))


def test_a_prompt_that_no_region_has_is_refused_in_the_first_step(models, clip):
    scene = Scene(models["sd1"], clip, "rows")
    elsewhere = prompt(clip, "a white horse")
    steps = Steps()
    with pytest.raises(ValueError, match="“a white horse”, but this sampler does not use it"):
        scene.sample(scene.coupled(steps.counting(steer(scene.model, elsewhere, "horse"))))
    assert steps.count == 1


@pytest.mark.parametrize("start", [1e9, 1.0])
def test_rows_of_unknown_text_are_refused_in_the_first_step(models, clip, start):
    model, base, steps = models["sd1"].clone(), prompt(clip, "a red cat"), Steps()
    model.set_model_attn2_patch(lambda q, k, v, _extra: (q, k[:, 1:].sin(), v[:, 1:].sin()))
    steered = steps.counting(steer(model, base, "cat", start=start))
    with pytest.raises(ValueError, match="cannot act in down layer 0: another node"):
        sample(steered, base, encode(clip, "bad"))
    assert steps.count == 1


def test_a_pair_is_edited_in_its_own_region(models, clip):
    scene = Scene(models["sd1"], clip, "rows")
    source, target = prompt(clip, p2p.SOURCE), prompt(clip, p2p.TARGET)
    model, pair, latent = p2p.edit(scene.model, source, target, p2p.latents())
    alone = p2p.sample(scene.coupled(scene.model), source, scene.negative, latent)
    with p2p.Tap(model) as tap:
        edited = p2p.sample(scene.coupled(model), pair, scene.negative, latent)
    p2p.check_every_layer(tap, [(2, 3)], p2p.one_to_one(), (), p2p.ones)
    assert torch.equal(edited[0], alone[0])
    assert not torch.equal(edited[1], alone[1])


def test_a_pair_where_layers_project_prompts_of_their_own_is_refused(models, clip):
    scene = Scene(models["sd1"], clip, "layers")
    source, target = prompt(clip, p2p.SOURCE), prompt(clip, p2p.TARGET)
    scene.regions[0].embedding = source[0][0]
    model, pair, latent = p2p.edit(scene.model, source, target, p2p.latents())
    with pytest.raises(ValueError, match="P2P-HRV Edit cannot act in down layer 0"):
        p2p.sample(scene.coupled(model), pair, scene.negative, latent)


def test_a_prompt_that_layers_leave_out_is_refused_in_the_first_step(models, clip):
    scene, steps = Scene(models["sd1"], clip, "layers"), Steps()
    scene.regions[0].embedding = encode(clip, "a white horse")[0][0]
    coupled = scene.coupled(steps.counting(steer(scene.model, scene.base, "cat")))
    with pytest.raises(ValueError, match="cannot act in down layer 0: another node"):
        scene.sample(coupled)
    assert steps.count == 1


def test_a_pair_that_layers_leave_out_is_refused(models, clip):
    scene = Scene(models["sd1"], clip, "layers")
    source, target = prompt(clip, p2p.SOURCE), prompt(clip, p2p.TARGET)
    model, pair, latent = p2p.edit(scene.model, source, target, p2p.latents())
    with pytest.raises(ValueError, match="P2P-HRV Edit cannot act in down layer 0"):
        p2p.sample(scene.coupled(model), pair, scene.negative, latent)


@pytest.mark.parametrize("way", ["rows", "negpip"])
def test_a_pair_of_one_prompt_is_reweighted(models, clip, way):
    model, clip = negpip(models["sd1"], clip) if way == "negpip" else (models["sd1"], clip)
    scene = Scene(model, clip, "rows")
    both = prompt(clip, p2p.SOURCE)
    inputs = {"mode": "reweight", "words": "red", "weight": -2.0}
    made = p2p.edit(model, both, both, p2p.latents(2), **inputs)
    join = scene.coupled if way == "rows" else lambda model: model
    alone = p2p.sample(join(model), both, scene.negative, made[2])
    edited = p2p.sample(join(made[0]), made[1], scene.negative, made[2])
    assert close(edited[0::2], alone[0::2])
    assert (edited[1::2] - alone[1::2]).abs().max() > 1e-3 * alone.abs().max()


@pytest.mark.parametrize("absent", [False, True])
def test_lists_may_be_evaluated_one_by_one(models, clip, absent):
    scene, steps = Scene(models["sd1"], clip, "rows"), Steps()
    other = prompt(clip, "a white horse") if absent else scene.other
    model = scene.coupled(steps.counting(steer(scene.model, other, "horse" if absent else "dog")))

    def one_by_one(given):
        rest = (given["input"], given["sigma"], given["model_options"])
        positive, negative = given["conds"]
        first = comfy.samplers.calc_cond_batch(given["model"], [None, negative], *rest)
        return [
            comfy.samplers.calc_cond_batch(given["model"], [positive, None], *rest)[0],
            first[1],
        ]

    together = model.clone()
    model.set_model_sampler_calc_cond_batch_function(one_by_one)
    if absent:
        with pytest.raises(ValueError, match="but this sampler does not use it"):
            scene.sample(model)
        assert steps.count == 2  # both of the first step
    else:
        assert close(scene.sample(model), scene.sample(together))


def test_a_call_is_gone_when_it_is_over(models, clip):
    model, base = models["sd1"].clone(), prompt(clip, "a red cat")
    model.set_model_attn2_patch(lambda q, k, v, _extra: (q, k + 0.0, (v * 3.0).sin()))
    seen = Seen()
    gc.collect()
    gc.disable()
    try:
        sample(add_hooks(model, [seen]), base, encode(clip, "bad"))
    finally:
        gc.enable()
    assert seen.calls and not any(call() for call in seen.calls)
