"""Laws of steering on real host classes: what it means, and what it leaves alone."""

from __future__ import annotations

import comfy.model_management
import pytest
import torch
from literal_steering import (
    STRUCTURES,
    encode,
    literally,
    prompt,
    sample,
    some_rescale,
    steer,
    unet_of,
)

import nodes as host_nodes
from hrv_pack.hrv.heads import cross_attention_layers
from hrv_pack.nodes.host.hooks import Hook
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.prompts.tag import prompts_of

pytestmark = pytest.mark.usefixtures("host", "inference")


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("batch", "height", "width"), [(1, 8, 8), (3, 6, 10)])
def test_steering_multiplies_attention_columns(
    monkeypatch, models, clip, structure, batch, height, width
):
    model = models[structure]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    steered = sample(steer(model, positive, "cat"), positive, negative, batch, height, width)
    plain = sample(model, positive, negative, batch, height, width)
    # rows: the host runs the negative first ([1, 0]), then the positive; "cat" stands at 3
    columns = lambda rows, _tokens: {row: [3] for row in range(rows // 2, rows)}  # noqa: E731
    with monkeypatch.context() as patch:
        literally(patch, model, columns, some_rescale(model))
        literal = sample(model, positive, negative, batch, height, width)
    scale = plain.abs().max()
    assert (steered - literal).abs().max() < 1e-4 * scale
    assert (steered - plain).abs().max() > 1e-2 * scale


@pytest.mark.parametrize("structure", STRUCTURES)
def test_neutral_rescaling_is_bit_identical(models, clip, structure):
    model = models[structure]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    ones = torch.ones_like(some_rescale(model))
    neutral = steer(model, positive, "red cat", ones)
    assert torch.equal(sample(neutral, positive, negative), sample(model, positive, negative))


def test_every_copy_of_a_repeated_prompt_is_steered(monkeypatch, models, clip):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "many words " * 60)
    assert negative[0][0].shape[1] == 154
    steered = sample(steer(model, positive, "cat"), positive, negative)
    with monkeypatch.context() as patch:
        literally(patch, model, lambda _rows, _tokens: {1: [3, 80]}, some_rescale(model))
        literal = sample(model, positive, negative)
    assert (steered - literal).abs().max() < 1e-4 * literal.abs().max()


def test_words_past_the_first_chunk_are_steered_where_they_stand(monkeypatch, models, clip):
    model = models["sd1"]
    positive, negative = prompt(clip, "word " * 80 + "cat"), encode(clip, "bad")
    (found,) = (prompts_of(positive)[0].find("cat"),)
    assert found[0] > 77
    steered = sample(steer(model, positive, "cat"), positive, negative)
    with monkeypatch.context() as patch:
        literally(patch, model, lambda _rows, _tokens: {1: list(found)}, some_rescale(model))
        literal = sample(model, positive, negative)
    assert (steered - literal).abs().max() < 1e-4 * literal.abs().max()


def test_only_the_steered_conditioning_changes(monkeypatch, models, clip):
    model = models["sd1"]
    first, second = prompt(clip, "a red cat"), encode(clip, "a red cat")
    negative = encode(clip, "a red cat")
    joined = first + second  # the host runs them as [1, 0, 0]: negative, second, first
    steered = sample(steer(model, first, "cat"), joined, negative)
    with monkeypatch.context() as patch:
        literally(patch, model, lambda _rows, _tokens: {2: [3]}, some_rescale(model))
        literal = sample(model, joined, negative)
    assert (steered - literal).abs().max() < 1e-4 * literal.abs().max()


def test_concatenated_prompt_keeps_its_own_tokens(monkeypatch, models, clip):
    import comfy_extras.nodes_cond  # noqa: F401

    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    joined = host_nodes.ConditioningConcat().concat(positive, encode(clip, "two red cats"))[0]
    steered = sample(steer(model, positive, "cat"), joined, negative)
    with monkeypatch.context() as patch:
        literally(patch, model, lambda _rows, _tokens: {1: [3]}, some_rescale(model))
        literal = sample(model, joined, negative)
    assert (steered - literal).abs().max() < 1e-4 * literal.abs().max()


def test_area_prompt_does_not_steer_its_clone_in_the_negative(models, clip):
    model = models["sd1"]
    area = host_nodes.ConditioningSetArea().append(prompt(clip, "a red cat"), 32, 32, 0, 0, 1.0)[0]
    whole, negative = encode(clip, "a garden"), encode(clip, "bad")
    steered = steer(model, area, "cat")
    sample(steered, whole + area, negative)
    seen = []
    hooked = add_hooks(steered, [_Recorder(seen, prompts_of(area)[0])])
    sample(hooked, whole + area, negative, steps=1)
    tagged = [prompt for prompts in seen for prompt in prompts if prompt]
    assert len(tagged) == 1


def test_a_prompt_zeroed_out_in_the_negative_is_not_steered(models, clip):
    model, positive = models["sd1"], prompt(clip, "a red cat")
    zeroed = host_nodes.ConditioningZeroOut().zero_out(positive)[0]
    untagged = host_nodes.ConditioningZeroOut().zero_out(encode(clip, "a red cat"))[0]
    steered = steer(model, positive, "cat")
    seen: list[object] = []
    sample(add_hooks(steered, [_Recorder(seen, prompts_of(positive)[0])]), positive, zeroed)
    assert seen and all(sum(map(bool, prompts)) == 1 for prompts in seen)
    assert torch.equal(sample(steered, positive, zeroed), sample(steered, positive, untagged))
    with pytest.raises(ValueError, match="this sampler does not use it"):
        sample(steered, encode(clip, "a dog"), zeroed)


class _Recorder(Hook[None]):
    label = "recorder"

    def __init__(self, seen, prompt):
        self.seen, self.prompt = seen, prompt

    def prompts(self):
        return [self.prompt]

    def attach(self, call):
        self.seen.append(call.prompt_rows)
        return []


def test_without_guidance_the_prompt_runs_alone_and_is_steered(monkeypatch, models, clip):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    steered = sample(steer(model, positive, "cat"), positive, negative, batch=2, cfg=1.0)
    with monkeypatch.context() as patch:
        literally(
            patch, model, lambda rows, _t: {row: [3] for row in range(rows)}, some_rescale(model)
        )
        literal = sample(model, positive, negative, batch=2, cfg=1.0)
    assert (steered - literal).abs().max() < 1e-4 * literal.abs().max()


def test_separate_calls_for_want_of_memory_give_the_same_image(monkeypatch, models, clip):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    together = sample(steer(model, positive, "cat"), positive, negative)
    monkeypatch.setattr(type(model), "get_free_memory", lambda *_: 0, raising=False)
    separate = sample(steer(model, positive, "cat"), positive, negative)
    assert (together - separate).abs().max() < 1e-4 * together.abs().max()


def test_steers_on_one_word_multiply(models, clip):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    first, second = some_rescale(model, 1), some_rescale(model, 2)
    chained = steer(steer(model, positive, "cat", first), positive, "cat", second)
    product = steer(model, positive, "cat", first * second)
    a, b = sample(chained, positive, negative), sample(product, positive, negative)
    assert (a - b).abs().max() < 1e-4 * a.abs().max()


def test_a_range_that_ends_early_acts_only_there(models, clip):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    sigmas = []
    watched = add_hooks(model, [_Sigmas(sigmas, prompts_of(positive)[0])])
    plain = sample(watched, positive, negative, steps=3)
    rescale = some_rescale(model)
    never = steer(model, positive, "cat", rescale, start=1e9, end=sigmas[0] + 1)
    late = steer(model, positive, "cat", rescale, start=sigmas[-1], end=0.0)
    whole = steer(model, positive, "cat", rescale)
    assert torch.equal(sample(never, positive, negative, steps=3), plain)
    results = [sample(m, positive, negative, steps=3) for m in (late, whole)]
    assert not torch.equal(results[0], plain) and not torch.equal(results[0], results[1])


class _Sigmas(_Recorder):
    def attach(self, call):
        self.seen.append(call.sigma)
        return []


def test_a_steer_out_of_range_warns(models, clip, caplog):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    sample(steer(model, positive, "cat", start=1e9, end=1e8), positive, negative)
    assert "had no effect" in caplog.text


def test_a_prompt_that_is_not_sampled_is_an_error(models, clip):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    steered = steer(model, positive, "cat")
    with pytest.raises(ValueError, match="does not use it"):
        sample(steered, encode(clip, "a red cat"), negative)


@pytest.mark.parametrize(
    "error", [RuntimeError, comfy.model_management.InterruptProcessingException]
)
def test_the_callers_model_is_untouched_even_after_an_error(models, clip, error):
    model = models["sd1"]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    before = {name: weight.clone() for name, weight in unet_of(model).state_dict().items()}
    plain = sample(model, positive, negative)
    steered = steer(model, positive, "cat")

    def fail(_module, _args):
        raise error("stop")

    handle = unet_of(model).out[0].register_forward_pre_hook(fail)
    with pytest.raises(error):
        sample(steered, positive, negative)
    handle.remove()
    assert "hrv_hooks" not in model.model_options["transformer_options"]
    for layer in cross_attention_layers(unet_of(model)):
        assert not layer.attention.to_v._forward_hooks
    after = unet_of(model).state_dict()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())
    assert torch.equal(sample(model, positive, negative), plain)
