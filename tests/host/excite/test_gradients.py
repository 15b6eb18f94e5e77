"""The gradient passes of A&E-HRV: whatever happens in them, the model stays as it was."""

from __future__ import annotations

import comfy.model_management
import pytest
import torch
from comfy.ldm.modules.attention import BasicTransformerBlock
from excite_scene import excited, prompts, sample, unet_of

from hrv_pack.nodes.host.gradients import checkpointed, differentiable, gradients

pytestmark = pytest.mark.usefixtures("host", "inference")


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
    with pytest.raises(ValueError, match="set save memory to on"):
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
