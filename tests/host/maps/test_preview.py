"""The growing map that HRV Capture shows while an ordinary sampler runs."""

from __future__ import annotations

from types import SimpleNamespace

import comfy.utils
import numpy as np
import pytest
import torch
from comfy_execution.progress import NodeState, get_progress_state
from tiny_models import make_model

import nodes
from hrv_pack.hrv.word_maps import normalise, selective_map
from hrv_pack.nodes.maps import preview as map_preview
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.prompts.nodes import HRVPrompt

NODE = "7"


class Watched(HRVCapture):
    """The node with the number the host gives it."""

    hidden = SimpleNamespace(unique_id=NODE)


@pytest.fixture
def sent(monkeypatch):
    """What reaches the page for the node: (value, total, image)."""
    seen = []

    def hook(value, total, preview, prompt_id=None, node_id=None):
        if node_id == NODE:
            seen.append((value, total, preview[1]))

    monkeypatch.setattr(comfy.utils, "PROGRESS_BAR_HOOK", hook)
    return seen


def prompt(clip, text):
    return HRVPrompt.execute(text, clip).result[0]


def sample(model, positive, negative, steps=20, images=1):
    empty = {"samples": torch.zeros(images, 4, 8, 6)}
    with torch.inference_mode():
        return nodes.common_ksampler(
            model, 7, steps, 5.0, "heun", "normal", positive, negative, empty
        )[0]["samples"]


def test_a_words_map_grows_on_the_node(clip, sent):
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "")
    model = make_model()
    plain = sample(model, positive, negative, images=5)
    watched, maps = Watched.execute(model, positive, preview_word="vase").result
    latent = sample(watched, positive, negative, images=5)
    assert torch.equal(plain, latent)
    values = [value for value, _, _ in sent]
    assert values[:-1] == sorted(set(values[:-1])) and values[-1] == sent[-1][1]
    assert 4 <= len(sent) <= map_preview.PREVIEWS
    assert {image.size for _, _, image in sent} == {(4 * 192, 256)}
    shown = np.asarray(sent[-1][2]).astype(int)
    captured, word = maps.word(latent, "vase")
    every = torch.ones(len(maps.heads), dtype=torch.bool)
    heat = normalise(selective_map(word, captured.heads, every, (256, 192)), "min-max")
    drawn = map_preview.colour_map(heat[:4])
    assert np.abs(shown - 255 * torch.cat(tuple(drawn), dim=1).numpy()).max() <= 1
    assert np.abs(shown - np.asarray(sent[0][2]).astype(int)).max() > 10
    assert get_progress_state().nodes[NODE]["state"] == NodeState.Finished


def test_every_sampling_shows_its_own(clip, sent):
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "")
    watched, _ = Watched.execute(make_model(), positive, preview_word="red, vase").result
    for steps in (1, 3, 3):
        sent.clear()
        sample(watched, positive, negative, steps)
        assert len(sent) == steps


def test_without_a_word_nothing_is_shown(clip, sent):
    positive, negative = prompt(clip, "a red vase"), prompt(clip, "")
    watched, _ = Watched.execute(make_model(), positive).result
    sample(watched, positive, negative, 2)
    assert sent == []


def test_a_word_that_is_not_in_the_prompt_is_refused_before_sampling(clip):
    with pytest.raises(ValueError, match="Words in the prompt: a, red, vase"):
        Watched.execute(make_model(), prompt(clip, "a red vase"), preview_word="car")
