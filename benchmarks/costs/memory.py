"""Memory that a run takes, and that the weights take."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile


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


def note_memory(
    result: dict[str, Any], runs: Mapping[str, Callable[[], Any]], weights: int
) -> None:
    """Add to each row of a comparison what its run has allocated, alone and with the weights."""
    for name, run in runs.items():
        size = working_memory(run)
        result[name] |= {"working_bytes": size, "bytes_with_weights": size + weights}


def held_memory(model: Any, clip: Any) -> int:
    """Bytes of the weights that lie in memory meanwhile."""
    parts = (model.model, clip.cond_stage_model)
    return sum(p.numel() * p.element_size() for part in parts for p in part.parameters())
