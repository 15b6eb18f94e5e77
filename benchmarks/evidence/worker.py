"""A worker process: runs one case after the other, on one thread of the CPU.

Started by the runner as ``python -m tools.pack benchmarks.evidence.worker FOLDER DIGEST``; reads
one JSON line per case from its input and answers one line each.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TypedDict

import torch

from ..framework.results import Results
from ..framework.study import Case
from .lab import Lab
from .registry import experiment


class Wanted(TypedDict):
    """A line to the worker: a case of an experiment."""

    experiment: str
    case: Case


class Answer(TypedDict):
    """A line from the worker; error: None where the rows are in their file."""

    error: str | None
    trace: str


def answer(lab: Lab, results: Results, wanted: Wanted) -> Answer:
    """Run one case and keep its rows; an error is reported, with where it came from."""
    chosen, case = experiment(wanted["experiment"]), wanted["case"]
    began = time.monotonic()
    try:
        rows = chosen.run(lab, case)
        results.save(chosen, case, rows, time.monotonic() - began)
    except Exception as error:  # the other cases go on; the runner lists it at the end
        return {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
    return {"error": None, "trace": ""}


def main(folder: str, files: str) -> None:
    """Answer until the input ends."""
    torch.set_num_threads(1)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever the host prints goes to the log
    lab, results = Lab(), Results(Path(folder), files)
    for line in sys.stdin:
        answers.write(json.dumps(answer(lab, results, json.loads(line))) + "\n")
        answers.flush()
