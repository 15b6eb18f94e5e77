"""Steering beside LoRAs, other packs and nodes that change conditionings, on real host classes."""

from __future__ import annotations

import node_helpers
import pytest
import torch
from comfy.ldm.modules.attention import optimized_attention
from literal_steering import (
    encode,
    literally,
    prompt,
    sample,
    some_rescale,
    steer,
    unet_of,
)

from hrv_pack.nodes.prompts.tag import prompts_of

pytestmark = pytest.mark.usefixtures("host", "inference")


def test_a_lora_is_steered_and_leaves_no_trace(monkeypatch, models, clip):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    plain = sample(model, positive, negative)
    before = {name: weight.clone() for name, weight in unet_of(model).state_dict().items()}
    name = "diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_v.weight"
    weight = before[name.removeprefix("diffusion_model.")]
    lora = model.clone()
    assert lora.add_patches({name: ("diff", (torch.ones_like(weight) * 0.1,))}) == [name]
    steered = sample(steer(lora, positive, "cat"), positive, negative)
    with monkeypatch.context() as patch:
        literally(patch, model, lambda _rows, _tokens: {1: [3]}, some_rescale(model))
        literal = sample(lora, positive, negative)
    assert (steered - literal).abs().max() < 1e-4 * literal.abs().max()
    assert not torch.equal(steered, sample(steer(model, positive, "cat"), positive, negative))
    assert torch.equal(sample(model, positive, negative), plain)
    after = unet_of(model).state_dict()
    assert all(torch.equal(weight, after[key]) for key, weight in before.items())


@pytest.mark.parametrize("key", [("middle", 0), ("middle", 0, 0)])
def test_another_packs_replacement_gets_the_steered_values(models, clip, key):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")

    def replacement(q, k, v, extra):
        return optimized_attention(q, k, v, extra["n_heads"]) * 2.0  # like an image prompt

    def replaced(patcher):
        patcher = patcher.clone()
        patcher.set_model_attn2_replace(replacement, *key[:2], *key[2:])
        return patcher

    after = sample(replaced(steer(model, positive, "cat")), positive, negative)
    before = sample(steer(replaced(model), positive, "cat"), positive, negative)
    assert torch.equal(after, before)
    assert not torch.equal(after, sample(steer(model, positive, "cat"), positive, negative))
    assert not torch.equal(after, sample(replaced(model), positive, negative))


def test_rows_that_another_pack_repeats_are_steered_in_every_copy(models, clip):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    twice = model.clone()
    twice.set_model_attn2_patch(
        lambda n, c, v, _e: (torch.cat([n, n]), torch.cat([c, c]), torch.cat([v, v]))
    )
    twice.set_model_attn2_output_patch(lambda n, _e: n.chunk(2)[1])
    expected = sample(steer(model, positive, "cat"), positive, negative)
    found = sample(steer(twice, positive, "cat"), positive, negative)
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()


def test_tag_survives_what_keeps_a_conditioning(clip):
    tagged = prompt(clip, "a red cat")
    ranged = node_helpers.conditioning_set_values(tagged, {"start_percent": 0.0})
    assert [p.id for p in prompts_of(ranged)] == [p.id for p in prompts_of(tagged)]


def test_hrv_prompt_is_clip_text_encode(clip):
    for text in ["a red cat", "(red:1.3) cat, \\(plain\\)", "word " * 90, ""]:
        ours, theirs = prompt(clip, text), encode(clip, text)
        assert torch.equal(ours[0][0], theirs[0][0])
        assert torch.equal(ours[0][1]["pooled_output"], theirs[0][1]["pooled_output"])
