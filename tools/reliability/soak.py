"""Many runs of mixed nodes in one server, some interrupted: does anything grow or stay behind?::

    python3 tools/host.py run -m tools.reliability.soak [COUNT] [SEED]

The runs are branches of the demo's workflows with two steps and seeds of their own, a quarter of
them interrupted at random moments. Writes the section *Soak* of docs/reliability.md.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from ..api.branches import Graph, branches, only, vary
from ..api.client import PromptError
from ..api.workflow import to_api
from ..host import ROOT
from ..server import Server
from .report import machine, write_section

WORKFLOWS = ("steer", "weaken", "p2p-edit", "attend-and-excite", "diagnosis", "selective-map")
INTERRUPTED = 0.25
"""The share of runs that an interruption is sent to."""
MARKS = 5
"""How often the process is looked at."""


@dataclass(frozen=True)
class Look:
    """The server's process after so many runs."""

    runs: int
    megabytes: int
    threads: int
    files: int

    @classmethod
    def at(cls, runs: int, process: int) -> Look:
        """As the system tells it."""
        folder = Path("/proc") / str(process)
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        opened = len(list((folder / "fd").iterdir()))
        memory = int(status["VmRSS"].split()[0]) // 1024
        return cls(runs, memory, int(status["Threads"]), opened)


@dataclass
class Ends:
    """How the runs ended; seconds: of one."""

    finished: int = 0
    interrupted: int = 0
    failed: int = 0
    seconds: float = 1.0


def graphs(server: Server) -> list[Graph]:
    """A graph for each branch of the workflows, of one image and two steps."""
    info, found = server.object_info(), []
    for name in WORKFLOWS:
        saved = json.loads((ROOT / "workflows" / f"demo-{name}.json").read_text("utf-8"))
        graph = vary(to_api(saved, info), "EmptyLatentImage", batch_size=1)
        graph = vary(graph, "KSampler", steps=2)
        found += [only(graph, [branch]) for branch in branches(graph)]
    return found


def images(server: Server, graph: Graph) -> list[bytes]:
    """What a graph gives."""
    return [image for found in server.run_prompt(graph).images.values() for image in found]


def run(server: Server, graph: Graph, stop_after: float | None, ends: Ends) -> None:
    """One run, interrupted after so many seconds, or not."""
    timer = Timer(stop_after or 0.0, lambda: server.post_json("/interrupt", {}))
    if stop_after is not None:
        timer.start()
    try:
        ends.seconds = 0.9 * ends.seconds + 0.1 * server.run_prompt(graph).seconds
        ends.finished += 1
    except PromptError as error:
        if str(error).startswith("Interrupted"):
            ends.interrupted += 1
        else:
            ends.failed += 1
            print(error, flush=True)
    finally:
        if stop_after is not None:
            timer.join()


def main(arguments: list[str]) -> int:
    """The command line; see the module's docstring."""
    count, seed = [*map(int, arguments), *(500, 1)[len(arguments) :]]
    rng, ends, looks = random.Random(seed), Ends(), list[Look]()
    with Server(threads=1) as server:
        kinds = graphs(server)
        first = [images(server, graph) for graph in kinds]
        for number in range(1, count + 1):
            graph = vary(rng.choice(kinds), "KSampler", seed=number)
            stop = rng.uniform(0, ends.seconds) if rng.random() < INTERRUPTED else None
            run(server, graph, stop, ends)
            if number % max(1, count // MARKS) == 0:
                looks.append(Look.at(number, server.process))
                print(looks[-1], flush=True)
        again = [images(server, graph) for graph in kinds]
        same = sum(one == other for one, other in zip(first, again, strict=True))
        traces = server.log.count("Traceback")
    write_section("Soak", page(looks, ends, f"{same} of {len(kinds)}", traces))
    return 0


def page(looks: list[Look], ends: Ends, same: str, traces: int) -> list[str]:
    """The section."""
    total = ends.finished + ends.interrupted + ends.failed
    return [
        f"`make soak`: {total} runs in one server, of branches of the demo's workflows "
        f"({', '.join(WORKFLOWS)}), two steps, 64 x 64: {ends.finished} finished, "
        f"{ends.interrupted} interrupted, {ends.failed} failed; stack traces in the log: {traces}. "
        f"Branches whose first image, plain ones among them, came out bit for bit the same after "
        f"the last run: {same}. {machine()}.",
        "",
        "| runs | memory, MB | threads | open files |",
        "|---|---|---|---|",
        *(f"| {each.runs} | {each.megabytes} | {each.threads} | {each.files} |" for each in looks),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
