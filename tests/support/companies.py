"""Other nodes on the same model or prompt: how each is put into a graph of two tiny prompts.

A `Company` changes a `Graph`: its model, what the sampler's positive and negative are, how it is
sampled. Packs of other people lie in the folder that HRV_PACKS names, one per folder as their
authors publish them; nothing of them is kept here.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import comfy.samplers
import comfy.sd
import torch
from comfy_extras import (
    nodes_apg,
    nodes_attention_multiply,
    nodes_cfg,
    nodes_differential_diffusion,
    nodes_easycache,
    nodes_eps,
    nodes_freelunch,
    nodes_fresca,
    nodes_hypertile,
    nodes_mahiro,
    nodes_model_advanced,
    nodes_model_downscale,
    nodes_nag,
    nodes_pag,
    nodes_sag,
    nodes_tcfg,
    nodes_tomesd,
)
from literal_steering import encode, prompt
from regions import Region, by_hooks, by_layers, by_rows, negpip
from tiny_models import make_controlnet
from torch import Tensor

import nodes as host_nodes

SIDE = 8
Patch = Callable[[Any], Any]


@dataclass
class Graph:
    """patches: of the model, one after the other; positive and negative: what the sampler gets;
    base: the tagged prompt that is steered, and the word.
    """

    model: Any
    clip: Any
    base: Any
    positive: Any
    negative: Any
    structure: str = "sd1"
    word: str = "cat"
    steps: int = 1
    patches: list[Patch] = field(default_factory=list)
    latent: dict[str, Any] = field(
        default_factory=lambda: {"samples": torch.zeros(1, 4, SIDE, SIDE)}
    )


LONGER = {"EasyCache", "LazyCache", "Conditioning Set Timestep Range"}
"""What acts in some of several steps."""


def graph(model: Any, clip: Any, structure: str) -> Graph:
    """Without any company."""
    base = prompt(clip, "a red cat")
    return Graph(model, clip, base, base, encode(clip, "bad"), structure)


def sampled(graph: Graph, model: Any) -> Tensor:
    """What an ordinary sampler makes of it; nodes that draw at random draw the same."""
    torch.manual_seed(1)
    random.seed(1)
    chosen = (
        3,
        graph.steps,
        5.0,
        "euler",
        "normal",
        graph.positive,
        graph.negative,
        graph.latent,
        1.0,
    )
    return host_nodes.KSampler().sample(model, *chosen)[0]["samples"]


def _node(node: Any, *args: Any) -> Callable[[Graph], None]:
    def join(graph: Graph) -> None:
        def patch(model: Any) -> Any:
            made = node.execute(model, *args)
            return made[0] if isinstance(made, tuple) else made.args[0]

        graph.patches.append(patch)

    return join


def _old(node: Any, method: str, *args: Any) -> Callable[[Graph], None]:
    def join(graph: Graph) -> None:
        graph.patches.append(lambda model: getattr(node(), method)(model, *args)[0])

    return join


def _positive(change: Callable[[Graph], Any]) -> Callable[[Graph], None]:
    def join(graph: Graph) -> None:
        graph.positive = change(graph)

    return join


def _lora(graph: Graph, load: Any) -> None:
    name = "diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k"
    weight = graph.model.model.state_dict()[f"{name}.weight"]
    generator = torch.Generator().manual_seed(6)
    weights = {
        f"{name}.lora_down.weight": torch.randn(2, weight.shape[1], generator=generator) * 0.3,
        f"{name}.lora_up.weight": torch.randn(len(weight), 2, generator=generator) * 0.3,
    }
    graph.patches.append(lambda model: load(model, None, weights, 1.0, 0.0)[0])


def _inpaint(graph: Graph) -> None:
    mask = torch.zeros(1, SIDE * 8, SIDE * 8)
    mask[:, :, : SIDE * 4] = 1.0
    graph.latent = host_nodes.SetLatentNoiseMask().set_mask(graph.latent, mask)[0]


def _mask() -> Tensor:
    mask = torch.zeros(1, SIDE, SIDE)
    mask[:, :, : SIDE // 2] = 1.0
    return mask


def _controlled(graph: Graph) -> None:
    hint = torch.rand(1, SIDE * 8, SIDE * 8, 3, generator=torch.Generator().manual_seed(7))
    apply = host_nodes.ControlNetApplyAdvanced().apply_controlnet
    net = make_controlnet(graph.structure)
    graph.positive, graph.negative = apply(
        graph.positive, graph.negative, net, hint, 1.0, 0.0, 1.0
    )[:2]


def _other(graph: Graph) -> Any:
    return encode(graph.clip, "a big green dog")


def _regions(graph: Graph) -> list[Region]:
    left = _mask()[0]
    both = ((graph.base, left), (_other(graph), 1.0 - left))
    return [Region(one[0][0], mask) for one, mask in both]


def _by_rows(graph: Graph) -> None:
    regions = _regions(graph)
    graph.patches.append(lambda model: by_rows(model, regions))


def _by_layers(graph: Graph) -> None:
    regions = _regions(graph)
    graph.patches.append(lambda model: by_layers(model, regions, graph.negative[0][0]))


def _negpip(graph: Graph) -> None:
    graph.clip = negpip(graph.model, graph.clip)[1]
    graph.base = graph.positive = prompt(graph.clip, "a (red:-1.2) cat")
    graph.negative = encode(graph.clip, "bad")
    graph.patches.append(lambda model: negpip(model, graph.clip)[0])


def _behind(graph: Graph) -> Any:
    return host_nodes.ConditioningConcat().concat(_other(graph), graph.base)[0]


def _average(graph: Graph, share: float, to_base: bool) -> Any:
    pair = (graph.base, _other(graph)) if to_base else (_other(graph), graph.base)
    return host_nodes.ConditioningAverage().addWeighted(*pair, share)[0]


CORE: dict[str, Callable[[Graph], None]] = {
    "Perturbed-Attention Guidance": _node(nodes_pag.PerturbedAttentionGuidance, 3.0),
    "Self-Attention Guidance": _node(nodes_sag.SelfAttentionGuidance, 0.5, 2.0),
    "HyperTile": _node(nodes_hypertile.HyperTile, 32, 2, 0, False),
    "ToMe": _node(nodes_tomesd.TomePatchModel, 0.3),
    "FreeU": _node(nodes_freelunch.FreeU, 1.1, 1.2, 0.9, 0.2),
    "FreeU V2": _node(nodes_freelunch.FreeU_V2, 1.3, 1.4, 0.9, 0.2),
    "PatchModelAddDownscale": _node(
        nodes_model_downscale.PatchModelAddDownscale, 2, 2.0, 0.0, 0.6, True, "bicubic", "bicubic"
    ),
    "RescaleCFG": _old(nodes_model_advanced.RescaleCFG, "patch", 0.7),
    "ModelSamplingDiscrete (v-prediction)": _old(
        nodes_model_advanced.ModelSamplingDiscrete, "patch", "v_prediction", True
    ),
    "CFGZeroStar": _node(nodes_cfg.CFGZeroStar),
    "CFGNorm": _node(nodes_cfg.CFGNorm, 1.0),
    "TCFG": _node(nodes_tcfg.TCFG),
    "APG": _node(nodes_apg.APG, 1.0, 5.0, 0.0),
    "Mahiro": _node(nodes_mahiro.Mahiro),
    "FreSca": _node(nodes_fresca.FreSca, 1.0, 1.25, 20),
    "Epsilon Scaling": _node(nodes_eps.EpsilonScaling, 1.005),
    "NAG": _node(nodes_nag.NAGuidance, 5.0, 0.5, 1.5),
    "Differential Diffusion": _node(nodes_differential_diffusion.DifferentialDiffusion, 1.0),
    "EasyCache": _node(nodes_easycache.EasyCacheNode, 0.2, 0.15, 0.95, False),
    "LazyCache": _node(nodes_easycache.LazyCacheNode, 0.2, 0.15, 0.95, False),
    "UNetSelfAttentionMultiply": _node(
        nodes_attention_multiply.UNetSelfAttentionMultiply, 1.1, 1.0, 1.0, 0.9
    ),
    "UNetCrossAttentionMultiply": _node(
        nodes_attention_multiply.UNetCrossAttentionMultiply, 1.1, 1.0, 1.0, 0.9
    ),
    "LoRA": lambda graph: _lora(graph, comfy.sd.load_lora_for_models),
    "LoRA in bypass mode": lambda graph: _lora(graph, comfy.sd.load_bypass_lora_for_models),
    "ControlNet": _controlled,
    "inpainting mask": _inpaint,
    "Conditioning Set Mask": _positive(
        lambda g: host_nodes.ConditioningSetMask().append(g.base, _mask(), "default", 1.0)[0]
    ),
    "Conditioning Set Area": _positive(
        lambda g: (
            host_nodes.ConditioningSetArea().append(g.base, SIDE * 4, SIDE * 8, 0, 0, 1.0)[0]
            + _other(g)
        )
    ),
    "Conditioning Combine": _positive(lambda g: g.base + _other(g)),
    "Conditioning Set Timestep Range": _positive(
        lambda g: (
            host_nodes.ConditioningSetTimestepRange().set_range(g.base, 0.3, 1.0)[0] + _other(g)
        )
    ),
    "Conditioning Concat, behind ours": _positive(
        lambda g: host_nodes.ConditioningConcat().concat(g.base, _other(g))[0]
    ),
    "Conditioning Concat, ours behind": _positive(_behind),
    "Conditioning Average, to ours": _positive(lambda g: _average(g, 0.6, True)),
    "Conditioning Average, from ours": _positive(lambda g: _average(g, 0.4, False)),
    "Conditioning Zero Out": _positive(
        lambda g: host_nodes.ConditioningZeroOut().zero_out(g.base)[0]
    ),
    "prompts by region (rows repeated)": _by_rows,
    "prompts by region (projected by layers)": _by_layers,
    "prompts by region (carried by a prompt)": _positive(lambda g: by_hooks(g.base, _regions(g))),
    "contexts doubled, as CLIP NegPip does": _negpip,
}


def packs() -> Path | None:
    """The folder with the packs of others."""
    named = os.environ.get("HRV_PACKS")
    return Path(named) if named else None


def _pack_module(name: str, folder: str, module: str) -> Any:
    """A module of a pack, without running what its packages do when they are imported."""
    root = packs()
    assert root is not None
    parts = [name, *module.split(".")[:-1]]
    for depth in range(1, len(parts) + 1):
        package = ".".join(parts[:depth])
        if package not in sys.modules:
            made: Any = ModuleType(package)
            made.__path__ = [str(root.joinpath(folder, *parts[1:depth]))]
            made.ROOT_NAME = ""
            sys.modules[package] = made
    return importlib.import_module(f"{name}.{module}")


def _with_two_regions(graph: Graph, node: Any, call: Callable[..., Any]) -> None:
    left, other = _mask(), _other(graph)
    given = {"base_mask": left, "cond_1": other, "mask_1": 1.0 - left}
    graph.patches.append(lambda model: call(node, model=model, **given))


def _laksjdjf(graph: Graph) -> None:
    node = _pack_module("laksjdjf", "attention-couple-ComfyUI", "attention_couple").AttentionCouple
    masks = (_mask(), 1.0 - _mask())
    both = [
        host_nodes.ConditioningSetMask().append(one, mask, "default", 1.0)[0]
        for one, mask in zip((graph.base, _other(graph)), masks, strict=True)
    ]
    given = (both[0] + both[1], graph.negative, "Attention")

    def couple(model: Any) -> Any:
        made, graph.positive, graph.negative = node().attention_couple(model, *given)
        return made

    graph.patches.append(couple)


def _cgem156(graph: Graph) -> None:
    module = _pack_module("cgem156", "cgem156-ComfyUI", "scripts.attention_couple.node")
    _with_two_regions(
        graph,
        module.AttentionCouple,
        lambda node, **given: node().attention_couple_simple(**given)[0],
    )


def _ppm(graph: Graph) -> None:
    """The functions that its node patches a U-Net with; the node itself needs another host."""
    module = _pack_module("ppm", "ComfyUI-ppm", "src.attention_couple.unet_couple")
    given = (graph.base, [_other(graph)], 2, False, torch.device("cpu"), torch.float32)
    masks = torch.stack([_mask(), 1.0 - _mask()])

    def couple(model: Any) -> Any:
        model = model.clone()
        model.set_model_attn2_patch(module.unet_attn2_couple_wrapper(*given))
        model.set_model_attn2_output_patch(module.unet_attn2_output_couple_wrapper(masks))
        return model

    graph.patches.append(couple)


def _ppm_negpip(graph: Graph) -> None:
    module = _pack_module("ppm", "ComfyUI-ppm", "src.negpip.unet_negpip")
    graph.clip = graph.clip.clone()
    encode_weights = partial(module.encode_token_weights_negpip, graph.clip.patcher.model.clip_l)
    graph.clip.patcher.add_object_patch("clip_l.encode_token_weights", encode_weights)
    graph.base = graph.positive = prompt(graph.clip, "a (red:-1.2) cat")
    graph.negative = encode(graph.clip, "bad")

    def halve(model: Any) -> Any:
        model = model.clone()
        model.set_model_attn2_patch(module.sdxl_attn2_negpip)
        return model

    graph.patches.append(halve)


def _couple(graph: Graph) -> Any:
    module = _pack_module(
        "promptcontrol", "comfyui-prompt-control", "prompt_control.attention_couple_ppm"
    )
    masked = host_nodes.ConditioningSetMask().append(_other(graph), 1.0 - _mask(), "default", 1.0)
    return module.set_cond_attnmask(graph.base, masked[0], fill=True)


PACKS: dict[str, Callable[[Graph], None]] = {
    "attention-couple-ComfyUI (laksjdjf)": _laksjdjf,
    "cgem156-ComfyUI: attention couple": _cgem156,
    "ComfyUI-ppm: Attention Couple (its U-Net functions)": _ppm,
    "ComfyUI-ppm: CLIP NegPip (its U-Net functions)": _ppm_negpip,
    "comfyui-prompt-control: COUPLE": _positive(_couple),
}
