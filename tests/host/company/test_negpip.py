"""Contexts in which every token stands twice, for its key and for its value."""

from __future__ import annotations

import literal_p2p as p2p
import pytest
import torch
from literal_steering import encode, prompt, sample, some_rescale, steer
from regions import Literal, Region, by_rows, halves, negpip

from hrv_pack.nodes.maps.capture import HRVCapture

pytestmark = pytest.mark.usefixtures("host", "inference")
TEXT = "a (red:-1.2) cat"


class Scene:
    def __init__(self, models, clip, texts=(TEXT,)):
        self.plain = models["sd1"]
        self.model, self.clip = negpip(self.plain, clip)
        self.prompts = [prompt(self.clip, text) for text in texts]
        self.negative = encode(self.clip, "bad")
        masks = halves() if len(texts) > 1 else [torch.ones(8, 8)]
        self.regions = [Region(p[0][0], m) for p, m in zip(self.prompts, masks, strict=True)]

    def literal(self, monkeypatch):
        with monkeypatch.context() as patch:
            written = Literal(self.plain, self.regions, halved=True).install(patch)
            return sample(self.plain, self.prompts[0], self.negative), written


def close(found, expected):
    return (found - expected).abs().max() < 1e-4 * expected.abs().max()


def test_a_negative_weight_is_in_the_values_alone(models, clip):
    embedding = Scene(models, clip).regions[0].embedding
    keys, values = embedding[0, 0::2], embedding[0, 1::2]
    assert embedding.shape[1] == 154
    assert torch.equal(keys[2], -values[2]) and torch.equal(keys[3], values[3])


@pytest.mark.parametrize(("word", "column"), [("red", 2), ("cat", 3)])
def test_a_words_own_columns_are_steered(monkeypatch, models, clip, word, column):
    scene = Scene(models, clip)
    scene.regions[0].rescaled = {column: some_rescale(scene.plain)}
    literal = scene.literal(monkeypatch)[0]
    base = scene.prompts[0]
    assert close(sample(steer(scene.model, base, word), base, scene.negative), literal)
    ones = torch.ones_like(some_rescale(scene.plain))
    neutral = sample(steer(scene.model, base, word, ones), base, scene.negative)
    assert torch.equal(neutral, sample(scene.model, base, scene.negative))


def test_a_words_own_columns_are_steered_by_region(monkeypatch, models, clip):
    scene = Scene(models, clip, (TEXT, "a big green dog"))
    scene.regions[0].rescaled = {2: some_rescale(scene.plain)}
    scene.regions[1].rescaled = {4: some_rescale(scene.plain, seed=6)}
    literal = scene.literal(monkeypatch)[0]
    base, other = scene.prompts
    both = steer(steer(scene.model, base, "red"), other, "dog", some_rescale(scene.plain, seed=6))
    assert close(sample(by_rows(both, scene.regions, halve=True), base, scene.negative), literal)


def test_captured_maps_are_those_of_the_keys(monkeypatch, models, clip):
    scene = Scene(models, clip)
    watched, maps = HRVCapture.execute(scene.model, scene.prompts[0]).args
    latent = sample(watched, scene.prompts[0], scene.negative)
    written = scene.literal(monkeypatch)[1].maps
    for layer in maps.word(latent, "red")[1]:
        steps = [one[0][..., 2] for one in written[layer.stage, layer.layer]]
        found = layer.maps[:, :, 0].flatten(-2).double()
        torch.testing.assert_close(found, torch.stack(steps).mean(dim=0), atol=1e-5, rtol=1e-4)


def test_a_pair_is_edited(models, clip):
    scene = Scene(models, clip)
    pair = prompt(scene.clip, p2p.SOURCE), prompt(scene.clip, p2p.TARGET)
    made = p2p.edit(scene.model, *pair, p2p.latents())
    with p2p.Tap(made[0]) as tap:
        p2p.sample(*made[:2], scene.negative, made[2])
    p2p.check_every_layer(tap, [(2, 3)], p2p.one_to_one(), (), p2p.ones)


def test_a_doubled_prompt_on_a_plain_model_is_refused(models, clip):
    scene = Scene(models, clip)
    base = scene.prompts[0]
    with pytest.raises(ValueError, match="Connect its MODEL output, too"):
        sample(steer(scene.plain, base, "cat"), base, scene.negative)
