"""What heads of transformers do, by one pass with gradients, against finite differences."""

from __future__ import annotations

import comfy.quant_ops
import pytest
import torch
from literal_share import way_share
from tiny_transformers import STRUCTURES, conditioning, tagged

from hrv_pack.hrv.families.registry import text_heads
from hrv_pack.hrv.measure.readings import Readings
from hrv_pack.nodes.effects.sampling import Guidance, sample_lists
from hrv_pack.nodes.host.hooks import Hook
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.host.prediction import predictions
from hrv_pack.nodes.measure.aims import Way
from hrv_pack.nodes.measure.hook import Measuring, Tally, Task
from hrv_pack.nodes.measure.readings import EMPTY, INSTEAD, PLAIN, WANTED, Scene
from hrv_pack.nodes.prompts.tag import prompts_of
from hrv_pack.nodes.steering.rescale import Rescale, WordRescale

pytestmark = pytest.mark.usefixtures("host", "inference")
STEPS, IMAGES, BY = 1, 2, 0.02


def scene_of(name, **more):
    positive = tagged(name, 1, **more)
    (prompt,) = prompts_of(positive)
    far = conditioning(name, 3, **more)
    lists = {
        PLAIN: positive,
        WANTED: [[8 * far[0][0], far[0][1]]],  # a long way has little rounding
        INSTEAD: conditioning(name, 4, **more),
        EMPTY: conditioning(name, 2, **more),
    }
    readings = Readings("w2", "this", "that")
    return Scene(readings, (prompt,), {prompt.id: prompt.find("w2, w4")}, lists)


def sampled(model, name, scene):
    channels, *size = STRUCTURES[name].latent
    if model.get_model_object("latent_format").latent_dimensions == 3 and len(size) == 2:
        size = [1, *size]
    noise = torch.randn((IMAGES, channels, *size), generator=torch.Generator().manual_seed(9))
    how = Guidance("euler", "simple", STEPS, 1.0)
    return sample_lists(model, scene.conditionings, how, noise, 0)


def measured(model, name, scene, checkpointing="off"):
    """ds/dr summed over the images, (H,), and the latents."""
    r = torch.ones(len(heads_of(model)))
    found = []
    task, before = Task(scene, Way(r), checkpointing), Tally.none(STEPS, r)
    hook = Measuring(task, before, list(range(IMAGES)), found.append, lambda: None)
    latents = sampled(add_hooks(model, [hook]), name, scene)
    assert found[0].effects.counts.tolist() == [IMAGES] * STEPS
    return found[0].effects.sums.sum(dim=0), latents


class Share(Hook):
    """s of each image, the word rescaled by r, by the host's own prediction without gradients."""

    label, acts_before_steps, on_transformers = "share", True, True

    def __init__(self, scene, r):
        self.found, self.active = 0.0, False
        words = [WordRescale(p, scene.positions[p.id], r, 1e9, 0.0) for p in scene.prompts]
        self.rescale = Rescale(words, "share")

    def new_state(self):
        return self.rescale.new_state()

    def before_step(self, run, step):
        self.active = True
        wanted, start, plain = predictions(step, [WANTED, INSTEAD, PLAIN])
        self.active = False
        self.found += float(way_share(plain, wanted - start).sum())

    def attach(self, call):
        if self.active:
            call.run._states[self.rescale] = call.run.state(self)
        return self.rescale.attach(call) if self.active else ()


def difference(model, name, scene, direction):
    """The derivative of s along a direction (H,) at r = 1, by differences."""
    ends = []
    for sign in (1, -1):
        hook = Share(scene, 1 + sign * BY * direction)
        sampled(add_hooks(model, [hook]), name, scene)
        ends.append(hook.found)
    return (ends[0] - ends[1]) / (2 * BY)


def heads_of(model):
    return text_heads(model.get_model_object("diffusion_model"))


def some_direction(model):
    return torch.randn(len(heads_of(model)), generator=torch.Generator().manual_seed(8))


@pytest.mark.parametrize("name", STRUCTURES)
def test_effects_are_finite_differences_and_the_image_stays(make, name):
    model, scene = make(name), scene_of(name)
    rotations = dict(vars(comfy.quant_ops.ck))
    effects, latents = measured(model, name, scene)
    assert torch.equal(latents, sampled(model, name, scene))
    assert vars(comfy.quant_ops.ck) == rotations
    direction = some_direction(model)
    scale = float(effects.norm() * direction.norm())
    wanted = difference(model, name, scene, direction)
    assert scale > 1e-3 and abs(float(effects @ direction.double()) - wanted) < 2e-3 * scale


@pytest.mark.parametrize("name", ["flux", "chroma", "z-image", "qwen-image", "krea2", "wan"])
def test_effects_are_the_same_where_values_are_computed_twice(make, name):
    model, scene = make(name), scene_of(name)
    kept, latents = measured(model, name, scene)
    again, same = measured(model, name, scene, "on")
    assert torch.equal(latents, same)
    assert float((kept - again).norm() / kept.norm()) < 1e-5


@pytest.mark.parametrize("name", ["flux", "qwen-image"])
def test_heads_are_measured_beside_reference_images(make, name):
    shape = (1, 4, 6, 10) if name == "flux" else (1, 16, 1, 6, 10)
    reference = torch.randn(shape, generator=torch.Generator().manual_seed(4))
    model, scene = make(name), scene_of(name, reference_latents=[reference])
    effects, _ = measured(model, name, scene, "on")
    direction = some_direction(model)
    wanted = difference(model, name, scene, direction)
    scale = float(effects.norm() * direction.norm())
    assert abs(float(effects @ direction.double()) - wanted) < 2e-3 * scale


def test_an_error_puts_the_hosts_own_back(make):
    model, scene = make("flux"), scene_of("flux")
    unet, rotations = model.get_model_object("diffusion_model"), dict(vars(comfy.quant_ops.ck))

    def fail(_module, _args):
        if torch.is_grad_enabled():
            raise RuntimeError("stop")

    handle = unet.single_blocks[1].register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="stop"):
        measured(model, "flux", scene, "on")
    handle.remove()
    assert vars(comfy.quant_ops.ck) == rotations
    assert not any(module._forward_pre_hooks for module in unet.modules())
    assert not any("forward" in vars(module) for module in unet.modules())
