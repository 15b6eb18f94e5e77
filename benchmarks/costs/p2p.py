"""What editing costs: P2P-HRV Edit in every step against sampling the same pairs unedited.

    python tools/host.py run -m tools.pack benchmarks.costs.p2p

Both take turns in one run. The SD1.5-size model makes small images, for a CPU's sake: larger
ones spend a smaller share of their time in cross-attention, which is where editing adds work.
"""

from __future__ import annotations

from typing import Any

import torch

import nodes as host_nodes

from ...nodes.p2p.nodes import HRVP2PEdit
from ...nodes.prompts.nodes import HRVPrompt
from .full_size import full_size_sd15
from .harness import compare, report
from .memory import held_memory, note_memory
from .sampling import demo_model, quiet_clock, sampler, some_relevance

TEXTS = "a red plain cat on a sunny day", "a blue plain cat on a sunny day"
PLAIN, EDITED = "pairs unedited", "P2P-HRV in every step"
TIME_LIMIT, MEMORY_LIMIT = 1.10, 1.05


def variants(model: Any, clip: Any, empty: Any, layers: str, steps: int) -> dict[str, Any]:
    """The same pair batch sampled unedited, and with every layer edited in every step."""
    source, target = (HRVPrompt.execute(text, clip).args[0] for text in TEXTS)
    negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    chosen: dict[str, Any] = {
        "mode": "replace",
        "words": "blue",
        "concept": "Color",
        "strength": 1.0,
    }
    every = {"self_replace": "custom", "share": 1.0}
    ranges: dict[str, Any] = {"cross_replace": 1.0, "self_replace": every, "layers": layers}
    edited, pair, latent = HRVP2PEdit.execute(
        model, source, target, empty, **chosen, **ranges, hrv=some_relevance(model, "Color", "red")
    ).args
    return {
        PLAIN: sampler(model, pair, negative, latent, steps),
        EDITED: sampler(edited, pair, negative, latent, steps),
    }


def measure(name: str, runs: dict[str, Any], weights: int, rounds: int) -> None:
    """Print and keep time and memory of both variants, and whether they are within the limits."""
    result = compare(runs, rounds, quiet_clock())
    note_memory(result, runs, weights)
    plain, ours = (result[label]["working_bytes"] for label in runs)
    report(name if torch.cuda.is_available() else f"{name}, seconds of CPU time", result)
    ratio = result[EDITED]["ratio"]["median"]
    whole = (ours + weights) / (plain + weights)
    print(
        f"  working memory {plain / 2**20:.1f} MiB, edited {ours / 2**20:.1f} MiB: "
        f"x {ours / plain:.3f}; with the weights x {whole:.3f}\n"
        f"  time within x {TIME_LIMIT:.2f}: {'yes' if ratio <= TIME_LIMIT else 'NO'}; "
        f"memory within x {MEMORY_LIMIT:.2f}: {'yes' if ours <= MEMORY_LIMIT * plain else 'NO'}",
        flush=True,
    )


def measure_full_size() -> None:
    """One pair of 256 x 256, one step: every step costs the same."""
    with torch.inference_mode():
        model, clip = full_size_sd15()
        empty = {"samples": torch.zeros(1, 4, 32, 32)}
        runs = variants(model, clip, empty, "1/16 of the latent", 1)
    name = "P2P-HRV Edit, SD1.5-size UNet, random weights, 1 pair of 256 x 256, 1 step"
    measure(name, runs, held_memory(model, clip), rounds=5)


def measure_demo() -> None:
    """Four pairs of the demo model, where small layers make every addition dear."""
    with torch.inference_mode():
        model, clip, channels = demo_model()
        runs = variants(model, clip, {"samples": torch.zeros(4, channels, 8, 8)}, "all", 10)
    name = "P2P-HRV Edit, demo model, 4 pairs, 10 steps"
    measure(name, runs, held_memory(model, clip), rounds=7)


def main() -> None:
    measure_full_size()
    measure_demo()
