"""What capturing costs: sampling unwatched and watched, and the memory of the maps.

    ... run -m tools.pack benchmarks.costs.capture [demo|sd15|sdxl] [latent side] [rounds]

On a CPU the clock is the processor's, so that other programs do not count.
"""

from __future__ import annotations

from typing import Any

import torch

import nodes as host_nodes

from ...nodes.maps.capture import KEEP_ON, HRVCapture
from ...nodes.prompts.nodes import HRVPrompt
from .full_size import full_size_sd15, full_size_sdxl
from .harness import compare, report
from .sampling import demo_model, quiet_clock, sampler

TEN_TOKENS = "a red striped cat sits on a sunny green hill"


def measure(
    name: str, model: Any, clip: Any, shape: tuple[int, ...], steps: int, rounds: int
) -> None:
    """Time unwatched and watched sampling in turn, and print the memory of the captured maps."""
    with torch.inference_mode():
        positive = HRVPrompt.execute(TEN_TOKENS, clip).args[0]
        negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
        places = KEEP_ON if torch.cuda.is_available() else KEEP_ON[:1]
        watched = {place: HRVCapture.execute(model, positive, place).args for place in places}
    latent = {"samples": torch.zeros(shape)}
    variants = {
        "unwatched": model,
        **{f"watched, maps on {place}": made[0] for place, made in watched.items()},
    }
    runs = {
        label: sampler(variant, positive, negative, latent, steps)
        for label, variant in variants.items()
    }
    report(name, compare(runs, rounds, quiet_clock()))
    maps = watched[places[0]][1]
    with torch.inference_mode():
        made = runs[f"watched, maps on {places[0]}"]()[0]["samples"]
        size = maps.of(made).nbytes / 1e6
    print(f"  maps of {maps.tokens} tokens, {shape[0]} images: {size:.1f} MB")


def demo() -> None:
    """Four images of the demo model."""
    with torch.inference_mode():
        model, clip, channels = demo_model()
    measure("capture, demo model", model, clip, (4, channels, 8, 8), steps=10, rounds=15)


def main(size: str = "demo", side: str = "64", rounds: str = "5") -> None:
    """`side`: height and width of the latent; 64 is an image of 512 x 512."""
    if size == "demo":
        demo()
        return
    with torch.inference_mode():
        model, clip = full_size_sd15() if size == "sd15" else full_size_sdxl()
    latent, name = int(side), {"sd15": "SD1.5", "sdxl": "SDXL"}[size]
    title = f"capture, {name}-size UNet at {8 * latent}x{8 * latent}, random weights"
    measure(title, model, clip, (1, 4, latent, latent), steps=1, rounds=int(rounds))
