"""What editing costs: P2P-HRV Edit against sampling the same pairs of prompts unedited.

python tools/host.py run -m tools.pack benchmarks.p2p_cost
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import nodes as host_nodes

from ..hrv.heads import head_table
from ..hrv.relevance import HeadRelevance
from ..nodes.p2p import HRVP2PEdit
from ..nodes.prompt import HRVPrompt
from .full_size import full_size_sd15
from .harness import compare, report

STEPS, SIDE, ROUNDS = 2, 32, 7
"""256 x 256 pictures: a CPU's size. Larger ones spend a smaller share in cross-attention."""


def some_relevance(model: Any) -> HeadRelevance:
    """Random HRVs of one concept."""
    heads = head_table(model.get_model_object("diffusion_model"))
    row = torch.rand(1, len(heads), generator=torch.Generator().manual_seed(0))
    return HeadRelevance(("Color",), (("red",),), heads, row * len(heads) / row.sum())


def sampler(model: Any, positive: Any, negative: Any, latent: Any) -> Callable[[], Any]:
    def run() -> Any:
        with torch.inference_mode():
            return host_nodes.KSampler().sample(
                model, 1, STEPS, 5.0, "euler", "normal", positive, negative, latent, 1.0
            )

    return run


def peak_memory(run: Callable[[], Any]) -> int:
    """Bytes at the highest point of a run: of the GPU, or of the process on Linux."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        run()
        return torch.cuda.max_memory_allocated()
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest point so far
    run()
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def main() -> None:
    with torch.inference_mode():
        model, clip = full_size_sd15()
        texts = "a photo of a red car on a road", "a photo of a blue car on a road"
        source, target = (HRVPrompt.execute(text, clip).args[0] for text in texts)
        negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
        empty = {"samples": torch.zeros(1, 4, SIDE, SIDE)}
        edited, pair, latent = HRVP2PEdit.execute(
            model,
            source,
            target,
            empty,
            mode="replace",
            words="blue",
            cross_replace=1.0,
            self_replace=1.0,
            concept="Color",
            strength=1.0,
            hrv=some_relevance(model),
        ).args
    runs = {
        "pairs unedited": sampler(model, pair, negative, latent),
        "P2P-HRV in every step": sampler(edited, pair, negative, latent),
    }
    result = compare(runs, ROUNDS)
    memory = {name: peak_memory(run) for name, run in runs.items()}
    plain, ours = memory.values()
    report("P2P-HRV Edit, SD1.5-size UNet, random weights", result)
    print(
        f"  peak memory {plain / 2**20:.0f} MiB, edited {ours / 2**20:.0f} MiB: "
        f"x {ours / plain:.3f}"
    )
