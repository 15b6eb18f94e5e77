"""Side-by-side timing: variants take turns in one run, and ratios are formed round by round."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from ..framework.output import OUTPUT, machine

BENCH = OUTPUT / "bench.json"


def compare(
    variants: Mapping[str, Callable[[], Any]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """Seconds of each variant and its ratio to the first, from `rounds` turns of each.

    The order turns round from round to round, so that a drifting machine favours none. One
    unmeasured round comes first.
    """
    names = list(variants)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names if number % 2 else reversed(names):
            taken = _timed(variants[name], clock)
            if number:
                seconds[name].append(taken)
    return {
        name: {
            "seconds": statistics.median(seconds[name]),
            "ratio": _ratio(seconds[name], seconds[names[0]]),
        }
        for name in names
    }


def _timed(run: Callable[[], Any], clock: Callable[[], float]) -> float:
    _wait_for_gpu()
    start = clock()
    run()
    _wait_for_gpu()
    return clock() - start


def _wait_for_gpu() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _ratio(taken: list[float], base: list[float]) -> dict[str, float]:
    ratios = [a / b for a, b in zip(taken, base, strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4)
    return {"median": statistics.median(ratios), "low": low, "high": high}


def report(section: str, result: Mapping[str, Any]) -> None:
    """Print a section's table and put it into output/bench.json beside the others."""
    print(f"\n{section}")
    for name, row in result.items():
        ratio = row["ratio"]
        print(
            f"  {name:<34} {row['seconds']:8.3f} s   x {ratio['median']:.3f} "
            f"(quartiles {ratio['low']:.3f} to {ratio['high']:.3f})"
        )
    OUTPUT.mkdir(exist_ok=True)
    known = json.loads(BENCH.read_text()) if BENCH.is_file() else {}
    known[section] = {"machine": machine(), **result}
    BENCH.write_text(json.dumps(known, indent=2))
