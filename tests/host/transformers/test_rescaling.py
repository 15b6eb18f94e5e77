"""Laws of steering on transformers: what it means, and what it leaves alone."""

from __future__ import annotations

import pytest
import torch
from literal_joint import OVERRIDE, literally
from tiny_transformers import (
    JOINT,
    STRUCTURES,
    TOKENS,
    conditioning,
    predictions,
    sample,
    tagged,
)

from hrv_pack.hrv.families.registry import text_heads
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.prompts.tag import prompts_of
from hrv_pack.nodes.steering.rescale import Rescale, WordRescale

pytestmark = pytest.mark.usefixtures("host", "inference")
REFERENCE = torch.randn(1, 16, 6, 10, generator=torch.Generator().manual_seed(4))
REFERENCES = {
    "flux": REFERENCE[:, :4],
    "flux2": REFERENCE[:, :8],
    "krea2": REFERENCE,
    "qwen-image": REFERENCE[:, :, None],
}


def heads_of(model):
    return text_heads(model.get_model_object("diffusion_model"))


def some_r(model, seed=5):
    return torch.randn(len(heads_of(model)), generator=torch.Generator().manual_seed(seed)) * 1.5


def steer(model, positive, words, r):
    prompt = prompts_of(positive)[0]
    return add_hooks(
        model, [Rescale([WordRescale(prompt, prompt.find(words), r, 1e9, 0.0)], "test")]
    )


def distance(found, wanted):
    return float((found - wanted).norm() / wanted.norm())


@pytest.mark.parametrize("name", STRUCTURES)
def test_columns_are_multiplied_in_the_images_rows_alone(make, name):
    model, positive, negative = make(name), tagged(name, 1), conditioning(name, 2)
    r = some_r(model)
    found = predictions(steer(model, positive, "w2, w4", r), name, positive, negative)
    plain = predictions(model, name, positive, negative)
    with literally(model, name, [2, 4], r) as literal:
        wanted = predictions(literal, name, positive, negative)
    assert len(found) == 1 and len(found[0]) == 2  # the negative, then the positive
    assert distance(found[0], wanted[0]) < 1e-6
    assert distance(found[0][1], plain[0][1]) > 1e-3
    assert torch.equal(found[0][0], plain[0][0])


@pytest.mark.parametrize("name", STRUCTURES)
def test_neutral_rescaling_is_bit_identical(make, name):
    model, positive, negative = make(name), tagged(name, 1), conditioning(name, 2)
    neutral = steer(model, positive, "w2", torch.ones_like(some_r(model)))
    plain = sample(model, name, positive, negative, steps=2)
    assert torch.equal(sample(neutral, name, positive, negative, steps=2), plain)


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_images_are_not_steered(make, name):
    model = make(name)
    more = {"reference_latents": [REFERENCES[name]]}
    positive, negative = tagged(name, 1, **more), conditioning(name, 2, **more)
    r = some_r(model)
    found = predictions(steer(model, positive, "w2", r), name, positive, negative)
    with literally(model, name, [2], r) as literal:
        wanted = predictions(literal, name, positive, negative)
    alone = predictions(model, name, tagged(name, 1), conditioning(name, 2))
    assert distance(found[0], wanted[0]) < 1e-6
    assert distance(found[0], alone[0]) > 1e-3  # the references are read


@pytest.mark.parametrize("name", ["flux", "z-image", "wan"])
def test_every_image_of_a_batch_is_steered(make, name):
    model, positive, negative = make(name), tagged(name, 1), conditioning(name, 2)
    r = some_r(model)
    found = predictions(steer(model, positive, "w2", r), name, positive, negative, batch=2)
    with literally(model, name, [2], r, rows=2) as literal:
        wanted = predictions(literal, name, positive, negative, batch=2)
    assert len(found[0]) == 4 and distance(found[0], wanted[0]) < 1e-6


MASK = torch.randn(1, TOKENS + 16, TOKENS + 16, generator=torch.Generator().manual_seed(7)) * 3
MASKS = {
    "flux": {"attention_mask": MASK, "attention_mask_img_shape": (4, 4)},
    "qwen-image": {"attention_mask": torch.tensor([[0.0, 0, 1, 1, 1, 1, 1]])},
}


@pytest.mark.parametrize("name", MASKS)
def test_masks_go_with_the_rows_that_they_are_of(make, name):
    model = make(name)
    positive, negative = tagged(name, 1, **MASKS[name]), conditioning(name, 2, **MASKS[name])
    r = some_r(model)
    found = predictions(steer(model, positive, "w2", r), name, positive, negative)
    with literally(model, name, [2], r) as literal:
        wanted = predictions(literal, name, positive, negative)
    alone = predictions(model, name, tagged(name, 1), conditioning(name, 2))
    assert distance(found[0], wanted[0]) < 1e-6
    assert distance(found[0][0], alone[0][0]) > 1e-3  # the mask is read


@pytest.mark.parametrize("name", JOINT)
def test_another_packs_attention_is_called_for_each_part(make, name):
    model, positive, negative = make(name).clone(), tagged(name, 1), conditioning(name, 2)
    rows = []

    def watched(function, q, k, v, heads, *args, **more):
        rows.append((q.shape[2], k.shape[2]))
        return function(q, k, v, heads, *args, **more)

    model.model_options["transformer_options"][OVERRIDE] = watched
    plain = predictions(model, name, positive, negative)
    whole = list(rows)
    rows.clear()
    r = some_r(model)
    predictions(steer(model, positive, "w2", r), name, positive, negative)
    layers, text, length = len(heads_of(model).layers), STRUCTURES[name].text, whole[-1][1]
    parts = [(length - text, length), (text, length)] * layers
    assert rows == [one for one in whole if one[0] < length] + parts
    assert sum(q for q, _ in rows) == sum(q for q, _ in whole)
    rows.clear()
    neutral = steer(model, positive, "w2", torch.ones_like(r))
    assert torch.equal(predictions(neutral, name, positive, negative)[0], plain[0])
    assert rows == whole


@pytest.mark.parametrize("name", ["cosmos", "flux"])
def test_several_words_and_nodes_multiply(make, name):
    model, positive, negative = make(name), tagged(name, 1), conditioning(name, 2)
    one, two = some_r(model, 1), some_r(model, 2)
    chained = steer(steer(model, positive, "w2", one), positive, "w2", two)
    product = steer(model, positive, "w2", one * two)
    results = [sample(each, name, positive, negative) for each in (chained, product)]
    assert distance(*results) < 1e-6


@pytest.mark.parametrize("name", ["anima", "flux2", "z-image"])
def test_only_the_steered_prompt_changes_among_areas(make, name):
    """The host lends the prompt of an area to the other list, with that list's embedding."""
    model = make(name)
    area = tagged(name, 1, area=(4, 4, 0, 0), strength=1.0, set_area_to_bounds=False)
    whole, negative = conditioning(name, 3), conditioning(name, 2)
    r = some_r(model)
    before = predictions(model, name, whole + area, negative)
    after = predictions(steer(model, area, "w2", r), name, whole + area, negative)
    changed = [
        not torch.equal(a, b)
        for one, other in zip(before, after, strict=True)
        for a, b in zip(one, other, strict=True)
    ]
    assert len(changed) > 2 and sum(changed) == 1


def test_an_error_leaves_no_hook_behind(make):
    model, positive, negative = make("flux"), tagged("flux", 1), conditioning("flux", 2)
    steered = steer(model, positive, "w2", some_r(model))
    plain = sample(model, "flux", positive, negative)
    unet = model.get_model_object("diffusion_model")

    def fail(_module, _args):
        raise RuntimeError("stop")

    handle = unet.single_blocks[1].linear1.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="stop"):
        sample(steered, "flux", positive, negative)
    handle.remove()
    hooked = [module for module in unet.modules() if module._forward_hooks]
    assert hooked == [] and OVERRIDE not in model.model_options["transformer_options"]
    assert torch.equal(sample(model, "flux", positive, negative), plain)
