"""What steering and capturing cost where text and image attend jointly: a block of Flux's size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import comfy.ldm.flux.math
import comfy.model_management
import comfy.model_patcher
import comfy.supported_models
import torch
from comfy.ldm.modules.attention import attention_pytorch

import nodes as host_nodes

from ...hrv.text.tokens import Token, TokenTable
from ...nodes.maps.capture import HRVCapture
from ...nodes.prompts.tag import Prompt, tag
from ...nodes.steering.word_weight import HRVWordWeight
from .harness import compare, report
from .sampling import quiet_clock

TOKENS, WORDS, ROUNDS = 256, 10, 3
# Of Flux.1, but for a single block of its 57, which is without streams of its own.
_OPTIONS: dict[str, Any] = {
    "image_model": "flux",
    "in_channels": 16,
    "out_channels": 16,
    "vec_in_dim": 768,
    "context_in_dim": 4096,
    "hidden_size": 3072,
    "mlp_ratio": 4.0,
    "num_heads": 24,
    "depth": 0,
    "depth_single_blocks": 1,
    "axes_dim": [16, 56, 56],
    "theta": 10000,
    "patch_size": 2,
    "qkv_bias": True,
    "guidance_embed": True,
    "txt_ids_dims": [],
}


def one_block() -> Any:
    """A MODEL with random weights."""
    config = comfy.supported_models.Flux(dict(_OPTIONS))
    config.set_inference_dtype(torch.float32, None)
    model = config.get_model({}, device=torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    for parameter in model.diffusion_model.parameters():
        parameter.data.normal_(0, 0.02, generator=generator)
    patcher = getattr(comfy.model_patcher, "CoreModelPatcher", comfy.model_patcher.ModelPatcher)
    device = comfy.model_management.get_torch_device()
    return patcher(model, device, comfy.model_management.unet_offload_device())


def prompt() -> Any:
    """A random conditioning of TOKENS tokens, the first of which are words w0, w1 ..."""
    tokens = tuple(Token(place, f"w{place}", True) for place in range(WORDS))
    tagged = Prompt("bench", "", (TokenTable(TOKENS, tokens),))
    embedding = torch.randn(1, TOKENS, 4096, generator=torch.Generator().manual_seed(1))
    return tag([[embedding, {"pooled_output": torch.zeros(1, 768)}]], tagged)


def run_of(model: Any, positive: Any, side: int) -> Callable[[], Any]:
    latent = {"samples": torch.zeros(1, 16, side // 8, side // 8)}

    def run() -> Any:
        with torch.inference_mode():
            return host_nodes.KSampler().sample(
                model, 1, 1, 1.0, "euler", "simple", positive, positive, latent, 1.0
            )

    return run


def main(side: str = "1024") -> None:
    pixels = int(side)
    comfy.ldm.flux.math.optimized_attention = attention_pytorch  # what the host takes on GPUs
    positive, model = prompt(), one_block()
    ten = ", ".join(f"w{place}" for place in range(WORDS))
    weighted = HRVWordWeight.execute(model, positive, ten, 1.5).args[0]
    neutral = HRVWordWeight.execute(model, positive, ten, 1.0).args[0]
    captured = HRVCapture.execute(model, positive).args[0]
    variants = {
        "unpatched": run_of(model, positive, pixels),
        "ten words weighted, every head": run_of(weighted, positive, pixels),
        "weight 1": run_of(neutral, positive, pixels),
        "ten words captured, every head": run_of(captured, positive, pixels),
    }
    report(f"one block of Flux's size, {side} x {side}", compare(variants, ROUNDS, quiet_clock()))
