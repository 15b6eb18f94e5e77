"""What steering costs: unpatched sampling, our steering, and attention maps built literally."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import nodes as host_nodes

from ...hrv.heads import cross_attention_layers, head_table
from ...nodes.host.patching import add_hooks
from ...nodes.prompts.nodes import HRVPrompt
from ...nodes.prompts.tag import prompts_of
from ...nodes.steering.rescale import Rescale, WordRescale
from .full_size import full_size_sd15
from .harness import compare, report
from .sampling import demo_model, sampler

STEPS = {"demo model": 10, "SD1.5-size UNet, random weights": 2}


def steered(model: Any, positive: Any, words: str) -> Any:
    """`model` with every head of the words rescaled, as Concept Adjust does."""
    heads = len(head_table(model.get_model_object("diffusion_model")))
    rescale = torch.rand(heads, generator=torch.Generator().manual_seed(0)) * 3 - 1
    found = [WordRescale(p, p.find(words), rescale, 1e9, 0.0) for p in prompts_of(positive)]
    return add_hooks(model, [Rescale(found, "bench")])


def with_literal_maps(model: Any, positive: Any, words: str) -> Any:
    """The same steering with every attention map built and its columns multiplied."""
    unet = model.get_model_object("diffusion_model")
    heads = head_table(unet)
    rescale = torch.rand(len(heads), generator=torch.Generator().manual_seed(0)) * 3 - 1
    columns = list(prompts_of(positive)[0].find(words))
    patched = model.clone()
    for layer in cross_attention_layers(unet):
        r = rescale[heads.span(layer.stage, layer.layer)]
        patched.set_model_attn2_replace(_literal(r, columns), *layer.block, layer.block_index)
    return patched


def _literal(r: torch.Tensor, columns: list[int]) -> Callable[..., torch.Tensor]:
    def attention(q: Any, k: Any, v: Any, extra: Any) -> torch.Tensor:
        q, k, v = (t.unflatten(-1, (extra["n_heads"], -1)).transpose(1, 2) for t in (q, k, v))
        maps = torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5, dim=-1)
        rows = maps.shape[0] // 2  # the host puts the positive prompt last
        maps[rows:, :, :, columns] *= r.to(maps)[:, None, None]
        return (maps @ v).transpose(1, 2).flatten(-2)

    return attention


def measure(name: str, model: Any, clip: Any, latent: Any, rounds: int) -> None:
    with torch.inference_mode():
        positive = HRVPrompt.execute("a red striped cat on a sunny day", clip).args[0]
        negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
        variants = {
            "unpatched": model,
            "steered (every head, one word)": steered(model, positive, "cat"),
            "literal attention maps": with_literal_maps(model, positive, "cat"),
        }
    runs = {
        label: sampler(variant, positive, negative, latent, STEPS[name])
        for label, variant in variants.items()
    }
    report(name, compare(runs, rounds))


def main() -> None:
    with torch.inference_mode():
        model, clip, channels = demo_model()
    measure("demo model", model, clip, {"samples": torch.zeros(4, channels, 8, 8)}, rounds=15)
    with torch.inference_mode():
        model, clip = full_size_sd15()
    name = "SD1.5-size UNet, random weights"
    measure(name, model, clip, {"samples": torch.zeros(1, 4, 16, 16)}, rounds=7)
