"""Measured effects against finite differences of the host's predictions, on tiny real models."""

from __future__ import annotations

import dataclasses

import comfy.model_management
import comfy.model_patcher
import comfy.sd
import pytest
import tiny_models
import torch
from comfy.ldm.modules.attention import BasicTransformerBlock
from comfy.quant_ops import QuantizedTensor
from measure_scene import READINGS, SETTINGS, far_apart, prompt, share_changes
from tiny_models import make_controlnet, make_model

import nodes as host_nodes
from hrv_pack.hrv.measure.readings import Readings
from hrv_pack.hrv.similarity import cosine
from hrv_pack.nodes.effects import sampling
from hrv_pack.nodes.host import prediction
from hrv_pack.nodes.host.gradients import until_finite
from hrv_pack.nodes.host.hooks import Hook
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.measure import run
from hrv_pack.nodes.measure.aims import Way
from hrv_pack.nodes.measure.readings import INSTEAD, WANTED, read_scene
from hrv_pack.nodes.measure.run import measure, one_pass, sample_images
from hrv_pack.nodes.p2p.pairs import pair_conditioning, pair_prompt, single

pytestmark = pytest.mark.usefixtures("host", "inference")


@pytest.fixture
def scene(clip):
    return read_scene(clip, prompt(clip), READINGS)


def unet_of(model):
    return model.get_model_object("diffusion_model")


def settings(**changed):
    return dataclasses.replace(SETTINGS, **changed)


def close(found, expected, tolerance=1e-5):
    a, b = (each.effects.sums for each in (found, expected))
    return bool((a - b).abs().max() < tolerance * b.abs().max())


def along(effects, direction):
    return effects.sums @ direction.double()


def directions(model, count=2):
    generator = torch.Generator().manual_seed(8)
    return torch.randn(count, len(model_heads(model)), generator=generator)


def agree_with_differences(model, scene, around=None):  # at r = 1, or around another r
    """With readings far apart, since the latents' float32 hides small changes, most later on."""
    apart = far_apart(scene)
    at = torch.ones(len(model_heads(model))) if around is None else around
    effects = one_pass(model, apart, Way(at), SETTINGS).effects
    assert effects.counts.tolist() == [SETTINGS.images] * SETTINGS.steps
    assert torch.equal(effects.rescaled, at.double())
    for direction in directions(model):
        found, expected = along(effects, direction), share_changes(model, apart, direction, at)
        scale = float(expected.abs().max())
        assert float((found - expected)[0].abs()) < 1e-3 * scale
        assert float((found - expected).abs().max()) < 6e-2 * scale  # rounding, mostly


@pytest.mark.parametrize("structure", ["sd1", "sdxl"])
def test_effects_are_finite_differences_of_the_share(models, scene, structure):
    agree_with_differences(models[structure], scene)


def test_they_can_be_measured_around_any_rescale_vector(models, scene):
    steered = 1 + torch.rand(28, generator=torch.Generator().manual_seed(9))
    agree_with_differences(models["sd1"], scene, steered)


def test_without_another_reading_the_way_begins_at_the_empty_prompt(models, clip):
    alone = read_scene(clip, prompt(clip), Readings("mouse", "computer mouse"))
    agree_with_differences(models["sd1"], alone)


def test_the_word_is_rescaled_where_an_area_shows_it_and_under_a_controlnet(models, clip):
    model, positive = models["sd1"], prompt(clip)
    hint = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(7))
    apply = host_nodes.ControlNetApplyAdvanced().apply_controlnet
    guided = apply(in_area(positive), positive, make_controlnet(), hint, 1.0, 0.0, 1.0)[0]
    agree_with_differences(model, read_scene(clip, guided, READINGS))


class Ways(Hook):
    """Keeps D_B - D_A of each step."""

    label, acts_before_steps = "ways", True

    def __init__(self):
        self.found = []

    def before_step(self, run, step):
        wanted, start = prediction.predictions(step, [WANTED, INSTEAD])
        self.found.append(wanted - start)


def in_area(positive):
    return host_nodes.ConditioningSetArea().append(positive, 32, 64, 0, 0, 1.0)[0]


def in_mask(positive):
    left = torch.zeros(1, 64, 64)
    left[..., :32] = 1
    return host_nodes.ConditioningSetMask().append(positive, left, "default", 1.0)[0]


@pytest.mark.parametrize("instead", ["mouse animal", ""])
@pytest.mark.parametrize("limited", [in_area, in_mask])
def test_there_is_no_way_where_the_prompt_is_not_shown(models, clip, limited, instead):
    """Also against an empty prompt, which is then empty in that place."""
    model, readings = models["sd1"], Readings("mouse", "computer mouse", instead)
    scene = read_scene(clip, limited(prompt(clip)), readings)
    hook = Ways()
    sample_images(add_hooks(model, [hook]), scene.conditionings, SETTINGS, [0, 1])
    for way in hook.found:
        assert bool((way[..., :4] != 0).any()) and not bool((way[..., 4:] != 0).any())
    agree_with_differences(model, scene)


def test_the_images_are_those_of_the_plain_prompt(models, scene, monkeypatch):
    model, watched = models["sd1"], []

    def sampled(*asked):
        watched.append(sample_images(*asked))
        return watched[-1]

    monkeypatch.setattr(run, "sample_images", sampled)
    measure(model, scene, SETTINGS)
    (images,) = watched
    assert torch.equal(images, sample_images(model, scene.conditionings, SETTINGS, [0, 1]))


def test_recomputing_gives_the_same_effects(models, scene):
    kept = measure(models["sd1"], scene, settings(checkpointing="off"))
    assert close(measure(models["sd1"], scene, settings(checkpointing="on")), kept)


def test_an_images_effects_do_not_depend_on_those_sampled_with_it(models, scene, monkeypatch):
    together = measure(models["sd1"], scene, settings(images=3))
    monkeypatch.setattr(sampling, "LARGE_BATCH", 1)
    alone = measure(models["sd1"], scene, settings(images=3))
    assert close(alone, together, 1e-3)
    for a, b in zip(alone.halves, together.halves, strict=True):
        assert torch.equal(a.counts, b.counts)


def test_the_order_of_joined_prompts_does_not_matter(models, clip):
    positive, other = prompt(clip), host_nodes.CLIPTextEncode().encode(clip, "in a garden")[0]
    found = [
        measure(models["sd1"], read_scene(clip, joined, READINGS), SETTINGS)
        for joined in (positive + other, other + positive)
    ]
    assert close(*found, 1e-4)


def test_a_lora_takes_part(models, scene):
    model = models["sd1"]
    name = "diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_v.weight"
    weight = unet_of(model).state_dict()[name.removeprefix("diffusion_model.")].clone()
    change = torch.randn(weight.shape, generator=torch.Generator().manual_seed(6))
    lora = model.clone()
    assert lora.add_patches({name: ("diff", (change,))}) == [name]
    found = measure(lora, scene, SETTINGS)
    baked = make_model("sd1")
    baked.model.diffusion_model.middle_block[1].transformer_blocks[0].attn2.to_v.weight += change
    assert close(found, measure(baked, scene, SETTINGS), 1e-4)
    assert not close(found, measure(model, scene, SETTINGS), 1e-2)


def test_steps_in_which_the_prompt_does_not_act_are_left_out(models, clip):
    late = host_nodes.ConditioningSetTimestepRange().set_range(prompt(clip), 0.3, 1.0)[0]
    early = host_nodes.ConditioningSetTimestepRange().set_range(
        host_nodes.CLIPTextEncode().encode(clip, "snow")[0], 0.0, 0.3
    )[0]
    told = []
    found = measure(
        models["sd1"],
        read_scene(clip, early + late, READINGS),
        SETTINGS,
        tell=lambda *progress: told.append(progress),
    )
    assert found.effects.counts.tolist() == [0, SETTINGS.images]
    steps = SETTINGS.images * SETTINGS.steps
    assert told == [(SETTINGS.images, steps), (steps, steps)]


@pytest.mark.parametrize(
    "error", [RuntimeError, comfy.model_management.InterruptProcessingException]
)
def test_the_model_is_untouched_after_a_measurement_and_after_an_error(models, scene, error):
    model = models["sd1"]
    plain = sample_images(model, scene.conditionings, SETTINGS, [0])
    parameters = list(unet_of(model).parameters())
    measure(model, scene, SETTINGS)

    def fail(_module, args):
        if args[0].requires_grad:
            raise error("stop")

    handle = unet_of(model).output_blocks[0][0].in_layers[0].register_forward_pre_hook(fail)
    with pytest.raises(error, match=r"^stop$"):
        measure(model, scene, settings(checkpointing="on"))
    handle.remove()
    assert all(a is b for a, b in zip(parameters, unet_of(model).parameters(), strict=True))
    for parameter in unet_of(model).parameters():
        assert not parameter.requires_grad and parameter.grad is None
    for module in unet_of(model).modules():
        assert not module._forward_hooks and "forward" not in vars(module)
    assert not model.model_options["transformer_options"]
    assert torch.equal(sample_images(model, scene.conditionings, SETTINGS, [0]), plain)


@pytest.mark.parametrize("stored", [torch.float16, torch.bfloat16])
def test_half_precision_measures_the_same_heads(scene, stored):
    found = []
    for computed in (None, torch.float32):
        config = tiny_models._SmallSD1(dict(tiny_models.SD1))
        config.set_inference_dtype(stored, computed)
        network = config.get_model({}, device=torch.device("cpu"))
        tiny_models.randomise(network.diffusion_model, 0)
        device = comfy.model_management.get_torch_device()
        model = comfy.model_patcher.ModelPatcher(network, load_device=device, offload_device=device)
        found.append(measure(model, far_apart(scene), SETTINGS).effects.sums[0])
    assert float(cosine(*found)) > 0.99


@pytest.mark.parametrize(
    ("half", "largest", "tries"), [(True, 100.0, 2), (True, 0.0, 3), (False, 0.0, 1)]
)
def test_a_float16_gradient_that_overflows_is_taken_again_with_a_smaller_factor(
    half, largest, tries
):
    factors = []

    def one_pass(factor):
        factors.append(factor)
        return torch.tensor(1.0 if factor <= largest else torch.inf), half

    gradient, _ = until_finite(one_pass, lambda found: found)
    assert len(factors) == tries and factors == sorted(set(factors), reverse=True)
    assert bool(gradient.isfinite()) == (factors[-1] <= largest)


def faint_lora():
    key = "diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_out.0"
    width = tiny_models.SD1["model_channels"] * tiny_models.SD1["channel_mult"][-1]
    return {
        f"{key}.lora_down.weight": torch.full((1, width), 0.01),
        f"{key}.lora_up.weight": torch.full((width, 1), 0.01),
    }


@pytest.mark.parametrize("how", ["stored", "computed", "computed, a LoRA beside it"])
def test_the_hosts_fp8_weights_measure_much_the_same_heads(models, scene, how):
    """Stored in float8, or quantised with a scale and kernels of their own."""
    config = tiny_models._SmallSD1(dict(tiny_models.SD1))
    if how == "stored":
        config.set_inference_dtype(torch.float8_e4m3fn, torch.float32)
    network = config.get_model({}, device=torch.device("cpu"))
    weights = zip(
        network.diffusion_model.parameters(), unet_of(models["sd1"]).parameters(), strict=True
    )
    for to, known in weights:
        to.data.copy_(known)
    for module in network.diffusion_model.modules() if how != "stored" else ():
        if isinstance(module, torch.nn.Linear):
            scaled = QuantizedTensor.from_float(module.weight.data, "TensorCoreFP8E4M3Layout")
            module.weight = torch.nn.Parameter(scaled, requires_grad=False)
    device = comfy.model_management.get_torch_device()
    model = comfy.model_patcher.ModelPatcher(network, load_device=device, offload_device=device)
    if "LoRA" in how:  # in bypass mode, so that every tensor is looked at
        model = comfy.sd.load_bypass_lora_for_models(model, None, faint_lora(), 1.0, 0.0)[0]
    found = [measure(each, far_apart(scene), SETTINGS) for each in (model, models["sd1"])]
    assert float(cosine(*(each.effects.mean() for each in found))) > 0.9


def test_another_node_that_changes_the_rows_of_a_layer_is_named(models, scene):
    def cut(_module, _args, values):
        return values[:0] if torch.is_grad_enabled() else values  # so only in our pass

    attention = unet_of(models["sd1"]).middle_block[1].transformer_blocks[0].attn2
    handle = attention.to_v.register_forward_hook(cut)
    try:
        with pytest.raises(ValueError, match=r"cannot reach mid layer 0: another node"):
            measure(models["sd1"], scene, SETTINGS)
    finally:
        handle.remove()


def test_short_of_memory_it_first_keeps_less_and_then_says_what_to_lower(
    models, scene, monkeypatch
):
    expected = measure(models["sd1"], scene, settings(checkpointing="on"))
    forward, failures = BasicTransformerBlock.forward, []

    def full(self, x, **options):
        if x.requires_grad and len(failures) < 1:
            failures.append(self)
            raise comfy.model_management.OOM_EXCEPTION("out of memory")
        return forward(self, x, **options)

    monkeypatch.setattr(BasicTransformerBlock, "forward", full)
    found = measure(models["sd1"], scene, SETTINGS)
    assert failures and torch.equal(found.effects.sums, expected.effects.sums)
    failures.clear()
    with pytest.raises(ValueError, match="ran out of memory"):
        measure(models["sd1"], scene, settings(checkpointing="off"))


def test_a_model_that_gives_no_gradient_is_refused(models, scene):
    def cut(_module, _args, output):
        return output.detach()

    handle = unet_of(models["sd1"]).out.register_forward_hook(cut)
    try:
        with pytest.raises(ValueError, match="needs the gradients of this model"):
            measure(models["sd1"], scene, SETTINGS)
    finally:
        handle.remove()


@pytest.mark.parametrize("together_first", [True, False])
def test_other_batches_in_the_second_pass_are_refused(models, clip, monkeypatch, together_first):
    """Two prompts, which the host computes together where its free memory allows it."""
    joined = read_scene(clip, prompt(clip) + prompt(clip, "a mouse at home"), READINGS)
    predict, passes = prediction.calc_cond_batch, []

    def memory(_patcher, _device):
        return 1e15 if bool(len(passes) % 2) == together_first else 0

    def alternating(model, lists, *rest):
        if len(lists) == 1:
            passes.append(lists)
        return predict(model, lists, *rest)

    monkeypatch.setattr(comfy.model_patcher.ModelPatcher, "get_free_memory", memory)
    monkeypatch.setattr(prediction, "calc_cond_batch", alternating)
    with pytest.raises(ValueError, match="Free memory changed"):
        measure(models["sd1"], joined, SETTINGS)
    assert len(passes) == 2


def test_phrases_that_the_encoder_reads_alike_are_refused(clip):
    with pytest.raises(ValueError, match="alike"):
        read_scene(clip, prompt(clip), Readings("mouse", "computer mouse", "(computer mouse:1.0)"))


@pytest.mark.parametrize("instead", ["mouse animal", ""])
def test_a_pair_is_refused(clip, instead):
    source, target = prompt(clip), prompt(clip, "a blue mouse in snow")
    identity = pair_prompt(single(source, "source"), single(target, "target"), 1)
    pair = pair_conditioning(source, target, identity)
    for conditioning in (pair, source + pair):
        with pytest.raises(ValueError, match="pair of P2P-HRV Edit"):
            read_scene(clip, conditioning, Readings("mouse", "computer mouse", instead))


def test_a_reading_without_a_conditioning_is_refused(scene):
    with pytest.raises(ValueError, match="wanted"):
        dataclasses.replace(scene, conditionings={**scene.conditionings, WANTED: []})


def test_a_word_that_the_prompt_has_not_is_refused(clip):
    with pytest.raises(ValueError, match="crane"):
        read_scene(clip, prompt(clip), Readings("crane", "crane bird"))
