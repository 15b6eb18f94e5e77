"""Runs what is not done yet in worker processes of one thread each, then writes the page."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from tqdm import tqdm

from ..framework.output import OUTPUT
from ..framework.results import Kept, Results
from ..framework.study import Case
from .experiment import Evidence, Size
from .lab import digest_of_files, measured_digest
from .page import Facts, machine, write_page
from .registry import EXPERIMENTS
from .worker import Answer

ROOT = Path(__file__).resolve().parents[2]
FOLDER = OUTPUT / "evidence"


@dataclass(frozen=True)
class Job:
    """One case of one experiment."""

    experiment: Evidence[Any]
    case: Case

    @property
    def line(self) -> str:
        return json.dumps({"experiment": self.experiment.name, "case": self.case}) + "\n"


@dataclass(frozen=True)
class Failure:
    """A case that gave an error."""

    job: Job
    error: str
    trace: str


class Worker:
    """A worker process that is started again should it end."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.command, self.log = command, log
        self.process: subprocess.Popen[str] | None = None

    def run(self, job: Job) -> Answer:
        """The worker's answer to a job."""
        process = self._started()
        line = _exchange(process, job.line)
        if line:
            told = json.loads(line)
            return {"error": told["error"], "trace": told.get("trace", "")}
        code = process.wait()
        self.process = None
        return {"error": f"The worker process ended with {code}; see {self.log}.", "trace": ""}

    def _started(self) -> subprocess.Popen[str]:
        if self.process is None:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
            with self.log.open("a", encoding="utf-8") as log:
                self.process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    cwd=ROOT,
                    env={**os.environ, **threads},
                )
        return self.process

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def _exchange(process: subprocess.Popen[str], line: str) -> str:
    """The answer to a line; empty where the process has ended."""
    if process.stdin is None or process.stdout is None:
        return ""
    try:
        process.stdin.write(line)
        process.stdin.flush()
        return process.stdout.readline()
    except OSError:
        return ""


def run_jobs(jobs: Iterable[Job], workers: Sequence[Worker], tell: tqdm[Any]) -> list[Failure]:
    """Run all jobs; the failures come back, all other results are in their files."""
    waiting: SimpleQueue[Job] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    failures: list[Failure] = []
    lock = Lock()

    def work(worker: Worker) -> None:
        while True:
            try:
                job = waiting.get_nowait()
            except Empty:
                return
            tell.set_postfix_str(job.experiment.name, refresh=False)
            answer = worker.run(job)
            with lock:
                tell.update(job.experiment.cost(job.case))
                if answer["error"]:
                    failures.append(Failure(job, answer["error"], answer["trace"]))

    threads = [Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)
    finally:
        for worker in workers:
            worker.stop()
    return failures


def missing(chosen: Sequence[Evidence[Any]], size: Size, results: Results) -> list[Job]:
    """The cases without a valid result, those of all experiments in turn by their order."""
    jobs = [Job(one, case) for one in chosen for case in one.cases(size)]
    return [job for job in jobs if results.load(job.experiment, job.case) is None]


def gather(chosen: Sequence[Evidence[Any]], size: Size, results: Results) -> dict[str, list[Kept]]:
    """Experiment -> what is kept of its cases, in order; experiments without any are left out."""
    found: dict[str, list[Kept]] = {}
    for one in chosen:
        kept = [results.load(one, case) for case in one.cases(size)]
        done = [case for case in kept if case is not None]
        if done:
            found[one.name] = done
    return found


def main(*arguments: str) -> None:
    """``--full``, ``--only NAME ...``, ``--workers N``, ``--page``, ``--publish NAME ...``."""
    parser = argparse.ArgumentParser(prog="make evidence", description=__doc__.split("\n")[0])
    parser.add_argument("--full", action="store_true", help="the full size, for docs/evidence.md")
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS))
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--page", action="store_true", help="only write the page again")
    parser.add_argument(
        "--publish",
        nargs="+",
        choices=EXPERIMENTS,
        default=[],
        help="of a full run: put these into docs although some of their cases are missing",
    )
    chosen = parser.parse_args(arguments)
    size: Size = "full" if chosen.full else "quick"
    files = digest_of_files()
    results = Results(FOLDER / "cases", files)
    wanted = [EXPERIMENTS[name] for name in chosen.only]
    failures = [] if chosen.page else _run(wanted, size, results, chosen.workers)
    every = list(EXPERIMENTS.values())
    kept = gather(every, size, results)
    whole = [one.name for one in every if len(kept.get(one.name, [])) == len(one.cases(size))]
    published = {*whole, *chosen.publish} if size == "full" else set[str]()
    made_from = f"{files}, measured vectors {measured_digest() or 'none'}"
    facts: Facts = {"size": size, "files": made_from, "machine": machine()}
    path = write_page(kept, facts, FOLDER, published)
    print(f"The page is {path.relative_to(ROOT)}.")
    _report(failures)


def _run(wanted: list[Evidence[Any]], size: Size, results: Results, workers: int) -> list[Failure]:
    jobs = missing(wanted, size, results)
    every = sum(len(one.cases(size)) for one in wanted)
    print(f"{every} cases of size {size}, {every - len(jobs)} done before.", flush=True)
    if not jobs:
        return []
    module = "benchmarks.evidence.worker"
    command = [sys.executable, "-m", "tools.pack", module, str(results.folder), results.depends_on]
    team = [Worker(command, FOLDER / f"worker-{n}.log") for n in range(max(1, workers))]
    began = time.monotonic()
    with tqdm(
        total=round(sum(job.experiment.cost(job.case) for job in jobs)),
        bar_format="{percentage:3.0f}%|{bar}| {elapsed} gone, {remaining} to go {postfix}",
    ) as bar:
        failures = run_jobs(jobs, team, bar)
    print(f"{len(jobs) - len(failures)} cases in {(time.monotonic() - began) / 60:.1f} minutes.")
    return failures


def _report(failures: list[Failure]) -> None:
    for failure in failures:
        print(f"\n{failure.job.experiment.name}: {failure.job.case}\n{failure.trace}")
        print(f"  {failure.error}")
    if failures:
        sys.exit(f"{len(failures)} cases failed; run the same command again to repeat them.")
