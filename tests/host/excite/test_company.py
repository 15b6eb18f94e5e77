"""A&E-HRV beside other samplers and other nodes."""

from __future__ import annotations

import comfy.model_management
import comfy.sample
import comfy.samplers
import pytest
import torch
from excite_scene import (
    CONCEPT_WORDS,
    SIDE,
    excited,
    prompts,
    relevance,
    sample,
    unet_of,
)
from tiny_models import make_controlnet, make_model

import nodes as host_nodes
from hrv_pack.nodes.host.hooks import Hook, Phase
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.p2p.nodes import HRVP2PEdit
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import prompts_of
from hrv_pack.nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen

pytestmark = pytest.mark.usefixtures("host", "inference")
CLOSED = {"uni_pc", "uni_pc_bh2", "sa_solver", "sa_solver_pece", "dpm_fast", "dpm_adaptive"}


class Push(Hook[None]):
    """Adds to the latent `by` at the second step, and keeps what every step starts from."""

    label = "push"
    phase = Phase.WATCH
    acts_before_steps = True

    def __init__(self, prompt, by=0.0):
        self.prompt, self.by, self.steps, self.latents = prompt, by, [], []

    def prompts(self):
        return [self.prompt]

    def before_step(self, run, step):
        self.steps.append(step.number)
        if step.number == 1:
            step.x.add_(self.by)
        self.latents.append(step.x.clone())


@pytest.mark.parametrize("name", comfy.samplers.SAMPLER_NAMES)
def test_a_sampler_goes_on_from_where_the_latent_was_updated_to_or_is_refused(models, clip, name):
    model, (positive, negative) = models["sd1"].clone(), prompts(clip)
    # a model without an opinion: what a latent becomes is then linear in it
    model.set_model_unet_function_wrapper(lambda _f, args: args["input"] * 0.5)
    noise, by = torch.randn(2, 1, 4, SIDE, SIDE, generator=torch.Generator().manual_seed(2))

    def run(push):
        return comfy.sample.sample(
            add_hooks(model, [push]),
            noise,
            5,
            5.0,
            name,
            "normal",
            positive,
            negative,
            torch.zeros_like(noise),
            disable_pbar=True,
            seed=3,
        )

    pushes = [Push(prompts_of(positive)[0], strength * by) for strength in (0.0, 1.0)]
    if name in CLOSED:
        with pytest.raises(ValueError, match="this sampler does not support"):
            run(pushes[0])
        return
    difference = run(pushes[1]) - run(pushes[0])
    assert pushes[0].steps == [0, 1, 2, 3, 4]
    share = (difference * by).sum() / (by * by).sum()
    assert share.abs() > 1e-4
    assert (difference - share * by).abs().max() < 1e-2 * difference.abs().max()


@pytest.mark.parametrize("node", [HRVConceptStrengthen, HRVConceptAdjust])
def test_steered_words_are_steered_while_the_latent_is_updated(models, clip, node):
    model, (positive, negative) = models["sd1"], prompts(clip)
    concepts = ("Animals",) if node is HRVConceptStrengthen else ("Animals", "Color")

    def steered(patched):
        return node.execute(patched, relevance(model), positive, "cat", *concepts, 1.0).args[0]

    def updated(patched):
        return excited(patched, positive, CONCEPT_WORDS, hrv=relevance(model))

    images, starts = [], []
    for patched in (updated(steered(model)), steered(updated(model)), updated(model)):
        watch = Push(prompts_of(positive)[0])
        images.append(sample(add_hooks(patched, [watch]), positive, negative))
        starts.append(watch.latents[0])
    assert torch.equal(images[0], images[1])
    assert torch.equal(starts[0], starts[1]) and not torch.equal(starts[0], starts[2])
    assert not torch.equal(images[0], sample(steered(model), positive, negative))


def test_watched_maps_hold_the_evaluations_of_the_sampler_alone(models, clip):
    model, (positive, negative) = models["sd1"], prompts(clip)
    watched, maps = HRVCapture.execute(excited(model, positive), positive).args
    latent = sample(watched, positive, negative)
    assert torch.equal(latent, sample(excited(model, positive), positive, negative))
    assert maps.of(latent).evaluations(0) == 3


def test_a_lora_takes_part_in_the_gradient(models, clip):
    model, (positive, negative) = models["sd1"], prompts(clip)
    name = "diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight"
    weight = unet_of(model).state_dict()[name.removeprefix("diffusion_model.")].clone()
    plain = sample(model, positive, negative)
    lora = model.clone()
    change = torch.randn(weight.shape, generator=torch.Generator().manual_seed(6))
    assert lora.add_patches({name: ("diff", (change,))}) == [name]
    found = sample(excited(lora, positive), positive, negative)
    baked = make_model("sd1")
    baked.model.diffusion_model.middle_block[1].transformer_blocks[0].attn2.to_k.weight += change
    expected = sample(excited(baked, positive), positive, negative)
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()
    assert torch.equal(sample(model, positive, negative), plain)


@pytest.mark.parametrize("structure", ["sd1", "sdxl"])
def test_a_controlnet_takes_part_and_keeps_its_control(models, clip, said, structure):
    model, (positive, negative) = models[structure], prompts(clip)
    hint = torch.rand(1, SIDE * 8, SIDE * 8, 3, generator=torch.Generator().manual_seed(7))
    apply = host_nodes.ControlNetApplyAdvanced().apply_controlnet
    guided = apply(positive, negative, make_controlnet(structure), hint, 1.0, 0.0, 1.0)[:2]
    plain = sample(model, *guided)
    assert torch.equal(sample(excited(model, positive, strength=0.0), *guided), plain)
    options = {"hrv": relevance(model), "words": CONCEPT_WORDS, "move_until": 0.7}
    found = [
        sample(excited(model, positive, checkpointing=way, **options), *guided)
        for way in ("off", "on")
    ]
    assert (found[0] - found[1]).abs().max() < 1e-4 * found[0].abs().max()
    assert (found[0] - plain).abs().max() > 1e-2 * plain.abs().max()
    sample(excited(model, positive, **options), positive, negative)
    assert said[0] == said[2] != said[4]  # the control is in the maps
    assert torch.equal(sample(model, *guided), plain)


def test_a_second_prompt_beside_it_changes_nothing_of_its_loss(models, clip, said):
    model, (positive, negative) = models["sd1"], prompts(clip)
    other = host_nodes.CLIPTextEncode().encode(clip, "in a garden")[0]
    updating = excited(model, positive)
    sample(updating, positive, negative)
    sample(updating, positive + other, negative)
    sample(updating, positive, negative, cfg=1.0)
    assert said[0] == said[1] == said[2]


def test_area_prompts_are_read_where_they_are(models, clip, said):
    model, (positive, negative) = models["sd1"], prompts(clip)
    area = host_nodes.ConditioningSetArea().append(positive, 32, 64, 0, 0, 1.0)[0]
    whole = host_nodes.CLIPTextEncode().encode(clip, "a garden")[0]
    plain = sample(model, whole + area, negative, steps=2)
    found = sample(excited(model, area), whole + area, negative, steps=2)
    assert "maps of 4 x 8" in said[0]
    assert not torch.equal(found, plain)


def test_of_a_pair_only_the_edited_image_is_updated(models, clip, said):
    model, negative = models["sd1"], prompts(clip)[1]
    texts = "a red cat and a fish", "a blue cat and a fish"
    source, target = (HRVPrompt.execute(text, clip).args[0] for text in texts)
    options = {"mode": "replace", "words": "blue", "concept": "Color", "strength": 1.0}
    ranges = {"cross_replace": 0.8, "self_replace": {"self_replace": "custom", "share": 0.5}}
    empty = {"samples": torch.zeros(1, 4, SIDE, SIDE)}
    editing, pair, latent = HRVP2PEdit.execute(
        model, source, target, empty, **options, **ranges, layers="all"
    ).args
    latent = {"latent": latent["samples"], "batch_index": latent["batch_index"]}
    edited = sample(editing, pair, negative, **latent)
    updated = sample(excited(editing, pair), pair, negative, **latent)
    assert torch.equal(updated[0], edited[0])
    assert not torch.equal(updated[1], edited[1])
    assert said[0].count("loss") == 1
