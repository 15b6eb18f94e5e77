"""A&E-HRV with weights beside the U-Net's own: a LoRA in bypass mode, and GLIGEN."""

from __future__ import annotations

import comfy.gligen
import comfy.model_patcher
import comfy.sd
import pytest
import torch
from excite_scene import CONCEPT_WORDS, SIDE, excited, prompts, relevance, sample, unet_of
from tiny_models import CONTEXT, randomise

import nodes as host_nodes

pytestmark = pytest.mark.usefixtures("host", "inference")


def lora(model, seed=6):
    name = "middle_block.1.transformer_blocks.0.attn2.to_k"
    rows, columns = unet_of(model).state_dict()[f"{name}.weight"].shape
    generator = torch.Generator().manual_seed(seed)
    down, up = (
        torch.randn(2, columns, generator=generator),
        torch.randn(rows, 2, generator=generator),
    )
    key = f"diffusion_model.{name}"
    return {f"{key}.lora_down.weight": down * 0.3, f"{key}.lora_up.weight": up * 0.3}


@pytest.mark.parametrize("checkpointing", ["off", "on"])
def test_a_lora_in_bypass_mode_takes_part_in_the_gradient(models, clip, checkpointing):
    model, (positive, negative) = models["sd1"], prompts(clip)
    weights = lora(model)
    found, expected = (
        sample(
            excited(load(model, None, weights, 1.0, 0.0)[0], positive, checkpointing=checkpointing),
            positive,
            negative,
        )
        for load in (comfy.sd.load_bypass_lora_for_models, comfy.sd.load_lora_for_models)
    )
    plain = sample(excited(model, positive, checkpointing=checkpointing), positive, negative)
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max()
    assert (found - plain).abs().max() > 1e-3 * plain.abs().max()


def gligen(model):
    blocks = [m for m in unet_of(model).modules() if hasattr(m, "attn2")]
    fusers = []
    for block in blocks:
        heads = block.attn2.heads
        width = block.attn2.to_q.weight.shape[1]
        one = comfy.gligen.GatedSelfAttentionDense(width, CONTEXT, heads, width // heads)
        randomise(one, len(fusers))
        one.alpha_attn.data.fill_(0.5)
        fusers.append(one)
    position = comfy.gligen.PositionNet(CONTEXT, CONTEXT)
    randomise(position, 9)
    net = comfy.gligen.Gligen(fusers, position, CONTEXT)
    return comfy.model_patcher.ModelPatcher(net, torch.device("cpu"), torch.device("cpu"))


def test_gligen_takes_part_and_keeps_its_boxes(models, clip, said):
    model, (positive, negative) = models["sd1"], prompts(clip)
    boxes = host_nodes.GLIGENTextBoxApply()
    placed = boxes.append(positive, clip, gligen(model), "a fish", SIDE * 4, SIDE * 4, 0, 0)[0]
    plain = sample(model, placed, negative)
    assert torch.equal(sample(excited(model, positive, strength=0.0), placed, negative), plain)
    options = {"hrv": relevance(model), "words": CONCEPT_WORDS, "move_until": 0.7}
    found = [
        sample(excited(model, positive, checkpointing=way, **options), placed, negative)
        for way in ("off", "on")
    ]
    assert (found[0] - found[1]).abs().max() < 1e-4 * found[0].abs().max()
    assert (found[0] - plain).abs().max() > 1e-3 * plain.abs().max()
    sample(excited(model, positive, **options), positive, negative)
    assert said[0] == said[2] != said[-1]  # the boxes are in the maps
