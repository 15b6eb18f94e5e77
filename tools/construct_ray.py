"""A construction on Ray (`pip install ray`): tasks over prompt ranges, a model for each worker.

The votes of a task are added when it is done; a task whose worker died is run again by Ray, so
nothing counts twice. The pack must lie in the same folder on every machine.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from ..hrv.construct.records import RunRecord
from ..hrv.files.vote_file import load_votes, save_votes, votes_bytes
from .construct_job import Job
from .host import ROOT

_TASKS = 8  # for each worker; a worker that dies loses one of these
_RETRIES = 5


def run_on_ray(job: Job, address: str, workers: int, path: Path) -> RunRecord:
    """All votes of `job`, kept at `path` after every task; goes on where an earlier one ended."""
    try:
        ray: Any = import_module("ray")
    except ImportError as error:
        raise ValueError("Running on Ray needs it: pip install ray") from error
    with torch.inference_mode():
        whole = job.construction(path)
    waiting = _tasks(whole.missing(), workers)
    ray.init(
        address=None if address == "local" else address,
        num_cpus=workers if address == "local" else None,
        runtime_env={"env_vars": {"COMFYUI_PATH": os.environ.get("COMFYUI_PATH", "")}},
        ignore_reinit_error=True,
        include_dashboard=False,
        log_to_driver=False,
    )
    gpus = 1 if torch.cuda.is_available() else 0
    task = ray.remote(max_retries=_RETRIES, num_cpus=1, num_gpus=gpus)(worker_function())
    running = [task.remote(str(ROOT), job.as_dict(), numbers) for numbers in waiting]
    while running:
        done, running = ray.wait(running, num_returns=1)
        for reference in done:
            _add(whole.record, ray.get(reference))
            save_votes(path, whole.record)
    return whole.record


def _tasks(missing: Sequence[range], workers: int) -> list[list[tuple[int, int]]]:
    """Prompt numbers (first, after the last) of each task, a similar count in all."""
    count = max(1, min(len(missing), workers * _TASKS))
    ends = [len(missing) * n // count for n in range(count + 1)]
    bounds = [(group.start, group.stop) for group in missing]
    return [bounds[a:b] for a, b in pairwise(ends) if b > a]


def _add(record: RunRecord, content: bytes) -> None:
    """Count a task's images."""
    with tempfile.TemporaryDirectory(prefix="hrv-") as folder:
        received = Path(folder) / "task.votes"
        received.write_bytes(content)
        record.merge(load_votes(received))


Numbers = list[tuple[int, int]]


def worker_function() -> Callable[[str, dict[str, Any], Numbers], bytes]:
    """What a worker runs; defined inside, so that it travels whole and needs no pack to arrive."""

    def work(root: str, fields: dict[str, Any], numbers: list[tuple[int, int]]) -> bytes:
        import importlib
        import sys

        if root not in sys.path:
            sys.path.append(root)
        importlib.import_module("tools.pack").load()
        module = importlib.import_module("hrv_pack.tools.construct_ray")
        return bytes(module.count(fields, numbers))

    return work


def count(fields: dict[str, Any], numbers: list[tuple[int, int]]) -> bytes:
    """A worker's share of the images, as the content of a votes file."""
    with torch.inference_mode():
        groups = [range(*bounds) for bounds in numbers]
        return votes_bytes(Job.from_dict(fields).construction().run(groups=groups))
