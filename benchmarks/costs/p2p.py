"""What editing costs: P2P-HRV Edit in every step against sampling the same pairs unedited.

    python tools/host.py run -m tools.pack benchmarks.costs.p2p

Both take turns in one run. The SD1.5-size model makes small pictures, for a CPU's sake: larger
ones spend a smaller share of their time in cross-attention, which is where editing adds work.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

import nodes as host_nodes

from ...demo.model import load_demo_model
from ...hrv.heads import head_table
from ...hrv.relevance import HeadRelevance
from ...nodes.library.folders import PRETRAINED
from ...nodes.p2p.nodes import HRVP2PEdit
from ...nodes.prompts.nodes import HRVPrompt
from .full_size import full_size_sd15
from .harness import compare, report

TEXTS = "a red plain cat on a sunny day", "a blue plain cat on a sunny day"
PLAIN, EDITED = "pairs unedited", "P2P-HRV in every step"
TIME_LIMIT, MEMORY_LIMIT = 1.10, 1.05


def some_relevance(model: Any) -> HeadRelevance:
    """Random HRVs of one concept."""
    heads = head_table(model.get_model_object("diffusion_model"))
    row = torch.rand(1, len(heads), generator=torch.Generator().manual_seed(0))
    return HeadRelevance(("Color",), (("red",),), heads, row * len(heads) / row.sum())


def sampler(model: Any, positive: Any, negative: Any, latent: Any, steps: int) -> Callable[[], Any]:
    def run() -> Any:
        with torch.inference_mode():
            return host_nodes.KSampler().sample(
                model, 1, steps, 5.0, "euler", "normal", positive, negative, latent, 1.0
            )

    return run


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
        model, source, target, empty, **chosen, **ranges, hrv=some_relevance(model)
    ).args
    return {
        PLAIN: sampler(model, pair, negative, latent, steps),
        EDITED: sampler(edited, pair, negative, latent, steps),
    }


def working_memory(run: Callable[[], Any]) -> int:
    """The most bytes that a run has allocated at one time, beyond what was there before it."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
        run()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        watched.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    changes = sorted((e["ts"], e["args"]["Bytes"]) for e in events if e.get("name") == "[memory]")
    return max(accumulate(size for _, size in changes))


def held_memory(model: Any, clip: Any) -> int:
    """Bytes of the weights that lie in memory meanwhile."""
    parts = (model.model, clip.cond_stage_model)
    return sum(p.numel() * p.element_size() for part in parts for p in part.parameters())


def measure(name: str, runs: dict[str, Any], weights: int, rounds: int) -> None:
    """Print and keep time and memory of both variants, and whether they are within the limits."""
    # CPU time is hardly disturbed by what else the machine does.
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    result = compare(runs, rounds, clock)
    memory = {label: working_memory(run) for label, run in runs.items()}
    plain, ours = memory.values()
    for label, size in memory.items():
        result[label] |= {"working_bytes": size, "bytes_with_weights": size + weights}
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
        model, clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")
        channels = model.get_model_object("latent_format").latent_channels
        runs = variants(model, clip, {"samples": torch.zeros(4, channels, 8, 8)}, "all", 10)
    name = "P2P-HRV Edit, demo model, 4 pairs, 10 steps"
    measure(name, runs, held_memory(model, clip), rounds=7)


def main() -> None:
    measure_full_size()
    measure_demo()
