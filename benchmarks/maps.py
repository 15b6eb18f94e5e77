"""What capturing costs: sampling unwatched and watched, and the memory of the maps."""

from __future__ import annotations

from typing import Any

import torch

import nodes as host_nodes

from ..demo.model import load_demo_model
from ..nodes.capture import HRVCapture
from ..nodes.library import PRETRAINED
from ..nodes.prompt import HRVPrompt
from .full_size import full_size_sd15
from .harness import compare, report
from .steering import sampler

TEN_TOKENS = "a red striped cat sits on a sunny green hill"


def measure(
    name: str, model: Any, clip: Any, shape: tuple[int, ...], steps: int, rounds: int
) -> None:
    """Time both, and print the memory of the captured maps."""
    with torch.inference_mode():
        positive = HRVPrompt.execute(TEN_TOKENS, clip).args[0]
        negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
        watched, maps = HRVCapture.execute(model, positive).args
    latent = {"samples": torch.zeros(shape)}
    runs = {
        label: sampler(variant, positive, negative, latent, steps)
        for label, variant in (("unwatched", model), ("watched, 10 tokens", watched))
    }
    report(name, compare(runs, rounds))
    with torch.inference_mode():
        made = runs["watched, 10 tokens"]()[0]["samples"]
        size = maps.of(made).nbytes / 2**20
    print(f"  maps of {maps.tokens} tokens, {shape[0]} pictures: {size:.1f} MiB")


def main(size: str = "32", rounds: str = "5") -> None:
    """`size`: height and width of the SD1.5-size latent; 64 is a picture of 512 x 512."""
    with torch.inference_mode():
        model, clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")
        channels = model.get_model_object("latent_format").latent_channels
    measure("capture, demo model", model, clip, (4, channels, 8, 8), steps=10, rounds=15)
    with torch.inference_mode():
        model, clip = full_size_sd15()
    side = int(size)
    name = f"capture, SD1.5-size UNet at {8 * side}x{8 * side}, random weights"
    measure(name, model, clip, (1, 4, side, side), steps=1, rounds=int(rounds))
