"""A prompt that Conditioning Concat puts behind another: its words, where they stand now."""

from __future__ import annotations

import pytest
import torch
from literal_steering import encode, literally, prompt, sample, some_rescale, steer
from regions import Region, by_rows

import nodes as host_nodes
from hrv_pack.nodes.maps.capture import HRVCapture

pytestmark = pytest.mark.usefixtures("host", "inference")


def concat(to, behind):
    return host_nodes.ConditioningConcat().concat(to, behind)[0]


def close(found, expected):
    return (found - expected).abs().max() < 1e-4 * expected.abs().max()


@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize("structure", ["sd1", "sdxl"])
def test_words_of_the_prompt_behind_are_steered(monkeypatch, models, clip, structure, tagged):
    model, behind, negative = models[structure], prompt(clip, "a red cat"), encode(clip, "bad")
    first = prompt(clip, "a big dog") if tagged else encode(clip, "a big dog")
    both = concat(first, behind)
    steered = steer(model, behind, "cat")
    if tagged:
        steered = steer(steered, first, "dog")
    found = sample(steered, both, negative)
    columns = [77 + 3, *([3] if tagged else [])]
    with monkeypatch.context() as patch:
        literally(patch, model, lambda _rows, _tokens: {1: columns}, some_rescale(model))
        literal = sample(model, both, negative)
    assert close(found, literal)
    assert not close(sample(model, both, negative), literal)


def test_they_are_steered_by_region_too(models, clip):
    model, behind, negative = models["sd1"], prompt(clip, "a red cat"), encode(clip, "bad")
    both = concat(encode(clip, "a big dog"), behind)
    everywhere = [Region(both[0][0], torch.ones(8, 8)), Region(both[0][0], torch.zeros(8, 8))]
    steered = steer(model, behind, "cat")
    found = sample(by_rows(steered, everywhere), both, negative)
    assert close(found, sample(steered, both, negative))
    assert not close(sample(by_rows(model, everywhere), both, negative), found)


def test_maps_of_the_prompt_behind_are_captured(models, clip):
    model, behind, negative = models["sd1"], prompt(clip, "a red cat"), encode(clip, "bad")
    twice = concat(prompt(clip, "a red cat"), behind)
    watched, maps = HRVCapture.execute(model, behind).args
    first_watched, first_maps = HRVCapture.execute(model, twice).args
    latent = sample(watched, twice, negative)
    assert torch.equal(latent, sample(first_watched, twice, negative))
    pairs = zip(maps.word(latent, "cat")[1], first_maps.word(latent, "cat")[1], strict=True)
    assert all(torch.allclose(a.maps, b.maps, rtol=1e-4) for a, b in pairs)


def test_a_prompt_of_which_an_average_was_made_is_refused(models, clip):
    model, behind = models["sd1"], prompt(clip, "a red cat")
    average = host_nodes.ConditioningAverage().addWeighted(encode(clip, "a dog"), behind, 0.5)[0]
    with pytest.raises(ValueError, match="this sampler does not use it"):
        sample(steer(model, behind, "cat"), average, encode(clip, "bad"))
