"""Laws of steering on real host classes: what it means, and what it leaves alone."""

from __future__ import annotations

import comfy.model_management
import node_helpers
import pytest
import torch
from comfy.ldm.modules.attention import CrossAttention, optimized_attention

import nodes as host_nodes
from hrv_pack.hrv.heads import cross_attention_layers, head_table
from hrv_pack.nodes.host.hooks import Hook
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import prompts_of
from hrv_pack.nodes.steering.rescale import Rescale, WordRescale

pytestmark = pytest.mark.usefixtures("host", "inference")
STRUCTURES = ["sd1", "sd2", "sdxl"]


def encode(clip, text):
    return host_nodes.CLIPTextEncode().encode(clip, text)[0]


def prompt(clip, text):
    return HRVPrompt.execute(text, clip).args[0]


def unet_of(model):
    return model.get_model_object("diffusion_model")


def sample(model, positive, negative, batch=1, height=8, width=8, steps=2, cfg=5.0):
    latent = {"samples": torch.zeros(batch, 4, height, width)}
    sampler = host_nodes.KSampler()
    return sampler.sample(model, 3, steps, cfg, "euler", "normal", positive, negative, latent, 1.0)[
        0
    ]["samples"]


def some_rescale(model, seed=5):
    heads = len(head_table(unet_of(model)))
    return torch.randn(heads, generator=torch.Generator().manual_seed(seed)) * 1.5


def steer(model, conditioning, words, rescale=None, start=1e9, end=0.0):
    rescale = some_rescale(model) if rescale is None else rescale
    found = [WordRescale(p, p.find(words), rescale, start, end) for p in prompts_of(conditioning)]
    return add_hooks(model, [Rescale(found, "test")])


class LiteralMaps:
    """The paper's definition, by hand: build each map in float64 and multiply its columns.

    Replaces CrossAttention.forward, so it shares no patch point with the pack. `columns` maps a
    batch row to the token columns to rescale there.
    """

    def __init__(self, model, columns, rescale):
        self.heads = head_table(unet_of(model))
        self.layers = {id(la.attention): la for la in cross_attention_layers(unet_of(model))}
        self.columns, self.rescale = columns, rescale

    def __call__(self, attention, x, context=None, value=None, mask=None, transformer_options=None):
        layer = self.layers.get(id(attention))
        source = x if context is None else context
        q, k, v = attention.to_q(x), attention.to_k(source), attention.to_v(source)
        if layer is None:
            return attention.to_out(optimized_attention(q, k, v, attention.heads))
        split = lambda t: t.double().unflatten(-1, (attention.heads, -1)).transpose(1, 2)  # noqa: E731
        q, k, v = split(q), split(k), split(v)
        maps = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)
        r = self.rescale[self.heads.span(layer.stage, layer.layer)].double()
        for row, columns in self.columns(x.shape[0], source.shape[1]).items():
            for column in columns:
                maps[row, :, :, column] *= r[:, None]
        out = (maps @ v).transpose(1, 2).flatten(-2).float()
        return attention.to_out(out)


def literally(monkeypatch, model, columns, rescale):
    literal = LiteralMaps(model, columns, rescale)
    monkeypatch.setattr(
        CrossAttention, "forward", lambda self, x, *a, **k: literal(self, x, *a, **k)
    )


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
    with pytest.raises(ValueError, match="was not given that prompt"):
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


def test_rows_added_by_another_pack_are_left_alone_and_reported(models, clip, caplog):
    model = models["sd1"].clone()
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    model.set_model_attn2_patch(
        lambda n, c, v, _e: (torch.cat([n, n]), torch.cat([c, c]), torch.cat([v, v]))
    )
    model.set_model_attn2_output_patch(lambda n, _e: n.chunk(2)[0])
    sample(steer(model, positive, "cat"), positive, negative)
    assert "did not reach" in caplog.text


def test_tag_survives_what_keeps_a_conditioning(clip):
    tagged = prompt(clip, "a red cat")
    ranged = node_helpers.conditioning_set_values(tagged, {"start_percent": 0.0})
    assert [p.id for p in prompts_of(ranged)] == [p.id for p in prompts_of(tagged)]


def test_hrv_prompt_is_clip_text_encode(clip):
    for text in ["a red cat", "(red:1.3) cat, \\(plain\\)", "word " * 90, ""]:
        ours, theirs = prompt(clip, text), encode(clip, text)
        assert torch.equal(ours[0][0], theirs[0][0])
        assert torch.equal(ours[0][1]["pooled_output"], theirs[0][1]["pooled_output"])
