"""A&E-HRV beside other nodes, after errors, and what it refuses."""

from __future__ import annotations

import comfy.model_management
import comfy.sample
import comfy.samplers
import pytest
import torch
from comfy.ldm.modules.attention import BasicTransformerBlock
from excite_scene import (
    CONCEPT_WORDS,
    PLAIN_WORDS,
    SIDE,
    excited,
    prompts,
    relevance,
    sample,
    unet_of,
)
from tiny_models import make_controlnet, make_model

import nodes as host_nodes
from hrv_pack.nodes.excite import node as excite
from hrv_pack.nodes.host.gradients import checkpointed, differentiable, gradients
from hrv_pack.nodes.host.hooks import Hook, Phase
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.p2p.nodes import HRVP2PEdit
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import prompts_of
from hrv_pack.nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen

pytestmark = pytest.mark.usefixtures("host", "inference")
CLOSED = {"uni_pc", "uni_pc_bh2", "sa_solver", "sa_solver_pece", "dpm_fast", "dpm_adaptive"}


@pytest.fixture
def said(monkeypatch):
    """What the node's text shows."""
    texts: list[str] = []
    monkeypatch.setattr(excite, "teller", lambda _node: texts.append)
    return texts


class Push(Hook[None]):
    """Moves the latent by `by` at the second step, and keeps what every step starts from."""

    label = "push"
    phase = Phase.WATCH
    updates_latent = True

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
def test_a_sampler_goes_on_from_where_the_latent_was_moved_to_or_is_refused(models, clip, name):
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
        with pytest.raises(ValueError, match="this sampler does not let it"):
            run(pushes[0])
        return
    difference = run(pushes[1]) - run(pushes[0])
    assert pushes[0].steps == [0, 1, 2, 3, 4]
    share = (difference * by).sum() / (by * by).sum()
    assert share.abs() > 1e-4
    assert (difference - share * by).abs().max() < 1e-2 * difference.abs().max()


@pytest.mark.parametrize("node", [HRVConceptStrengthen, HRVConceptAdjust])
def test_steered_words_are_steered_while_the_latent_is_moved(models, clip, node):
    model, (positive, negative) = models["sd1"], prompts(clip)
    concepts = ("Animals",) if node is HRVConceptStrengthen else ("Animals", "Color")

    def steered(patched):
        return node.execute(patched, relevance(model), positive, "cat", *concepts, 1.0).args[0]

    def moved(patched):
        return excited(patched, positive, CONCEPT_WORDS, hrv=relevance(model))

    pictures, starts = [], []
    for patched in (moved(steered(model)), steered(moved(model)), moved(model)):
        watch = Push(prompts_of(positive)[0])
        pictures.append(sample(add_hooks(patched, [watch]), positive, negative))
        starts.append(watch.latents[0])
    assert torch.equal(pictures[0], pictures[1])
    assert torch.equal(starts[0], starts[1]) and not torch.equal(starts[0], starts[2])
    assert not torch.equal(pictures[0], sample(steered(model), positive, negative))


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
    moving = excited(model, positive)
    sample(moving, positive, negative)
    sample(moving, positive + other, negative)
    sample(moving, positive, negative, cfg=1.0)
    assert said[0] == said[1] == said[2]


def test_area_prompts_are_read_where_they_are(models, clip, said):
    model, (positive, negative) = models["sd1"], prompts(clip)
    area = host_nodes.ConditioningSetArea().append(positive, 32, 64, 0, 0, 1.0)[0]
    whole = host_nodes.CLIPTextEncode().encode(clip, "a garden")[0]
    plain = sample(model, whole + area, negative, steps=2)
    found = sample(excited(model, area), whole + area, negative, steps=2)
    assert "maps of 4 x 8" in said[0]
    assert not torch.equal(found, plain)


def test_patched_weights_are_differentiated_as_well(models, clip):
    model, (positive, negative) = models["sd1"], prompts(clip)
    expected = sample(excited(model, positive), positive, negative)
    linear = unet_of(model).middle_block[1].transformer_blocks[0].attn1.to_q
    linear.weight_function = [lambda weight: weight * 1.0]  # as the host patches offloaded weights
    try:
        found = sample(excited(model, positive), positive, negative)
        assert len(linear.weight_function) == 1
    finally:
        del linear.weight_function
    assert torch.equal(found, expected)


def test_weights_can_be_differentiated_without_a_copy_and_are_put_back(models):
    unet = unet_of(models["sd1"])
    before = {name: (p, p.data_ptr()) for name, p in unet.named_parameters()}
    with gradients(), differentiable(unet, torch.device("cpu")), checkpointed(unet, True):
        for name, parameter in unet.named_parameters():
            assert not parameter.is_inference() and not parameter.requires_grad
            assert parameter.data_ptr() == before[name][1]
    assert all(p is before[name][0] for name, p in unet.named_parameters())
    assert not any("forward" in vars(module) for module in unet.modules())


@pytest.mark.parametrize(
    "error", [RuntimeError, comfy.model_management.InterruptProcessingException]
)
@pytest.mark.parametrize("where", ["pass", "step"])
def test_the_model_is_untouched_after_an_error(models, clip, error, where):
    model, (positive, negative) = models["sd1"], prompts(clip)
    plain = sample(model, positive, negative)
    parameters = list(unet_of(model).parameters())

    def fail(_module, args):
        if args[0].requires_grad == (where == "pass"):
            raise error("stop")

    handle = unet_of(model).middle_block[0].in_layers[0].register_forward_pre_hook(fail)
    with pytest.raises(error):
        sample(excited(model, positive, checkpointing="on"), positive, negative)
    handle.remove()
    assert all(a is b for a, b in zip(parameters, unet_of(model).parameters(), strict=True))
    for module in unet_of(model).modules():
        assert not module._forward_hooks and "forward" not in vars(module)
    assert "hrv_hooks" not in model.model_options["transformer_options"]
    assert torch.equal(sample(model, positive, negative), plain)


def test_it_can_be_interrupted_between_refinements(models, clip, said, monkeypatch):
    model, (positive, negative) = models["sd1"], prompts(clip)

    class Cancelled(Exception):
        pass

    def stop():
        if len(said) == 2:
            raise Cancelled

    monkeypatch.setattr(comfy.model_management, "throw_exception_if_processing_interrupted", stop)
    with pytest.raises(Cancelled):
        sample(excited(model, positive, thresholds="0: 1"), positive, negative)
    assert len(said) == 2


def test_out_of_memory_says_what_to_lower(models, clip, monkeypatch):
    model, (positive, negative) = models["sd1"], prompts(clip)

    def full(self, x, **_):
        if x.requires_grad:
            raise comfy.model_management.OOM_EXCEPTION("out of memory")
        raise AssertionError("the pass with gradients comes first")

    monkeypatch.setattr(BasicTransformerBlock, "forward", full)
    with pytest.raises(ValueError, match="set checkpointing to on"):
        sample(excited(model, positive), positive, negative)


def test_short_of_memory_it_first_keeps_less(models, clip, monkeypatch):
    model, (positive, negative) = models["sd1"], prompts(clip)
    expected = sample(excited(model, positive, checkpointing="on"), positive, negative)
    forward, failed = BasicTransformerBlock.forward, []

    def full_once(self, x, **options):
        if x.requires_grad and not failed:
            failed.append(self)
            raise comfy.model_management.OOM_EXCEPTION("out of memory")
        return forward(self, x, **options)

    monkeypatch.setattr(BasicTransformerBlock, "forward", full_once)
    found = sample(excited(model, positive), positive, negative)
    assert failed and torch.equal(found, expected)


def test_nothing_of_the_graph_is_kept(models, clip):
    model, (positive, negative) = models["sd1"], prompts(clip)
    found = sample(excited(model, positive, move_until=1.0), positive, negative)
    assert not found.requires_grad
    for parameter in unet_of(model).parameters():
        assert not parameter.requires_grad and parameter.grad is None


@pytest.mark.parametrize(
    ("words", "weighed", "options", "message"),
    [
        ("cat", True, {}, "say what “cat” is"),
        ("cat: Plants", True, {}, "no concept 'Plants'"),
        ("dog", False, {}, "dog"),
        ("", False, {}, "Name the words"),
        (PLAIN_WORDS, False, {"thresholds": "half"}, "Expected thresholds"),
    ],
)
def test_what_it_cannot_read_is_an_error(models, clip, words, weighed, options, message):
    model, (positive, _) = models["sd1"], prompts(clip)
    hrv = relevance(model) if weighed else None
    with pytest.raises(ValueError, match=message):
        excited(model, positive, words, hrv=hrv, **options)


def test_a_map_size_that_the_model_has_not_is_an_error(models, clip):
    model, (positive, negative) = models["sd1"], prompts(clip)
    with pytest.raises(ValueError, match="it has layers with: all, 1/4"):
        sample(excited(model, positive, map_size="1/16"), positive, negative)


def test_another_models_hrv_is_an_error(models, clip):
    positive, _ = prompts(clip)
    with pytest.raises(ValueError, match="This HRV was made for"):
        excited(models["sd1"], positive, CONCEPT_WORDS, hrv=relevance(models["sdxl"]))


def test_of_a_pair_only_the_edited_picture_moves(models, clip, said):
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
    moved = sample(excited(editing, pair), pair, negative, **latent)
    assert torch.equal(moved[0], edited[0])
    assert not torch.equal(moved[1], edited[1])
    assert said[0].count("loss") == 1
