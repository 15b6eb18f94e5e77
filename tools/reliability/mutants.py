"""Change the pack's code in small ways, one at a time, and see whether a test notices::

    python3 tools/host.py run -m tools.reliability.mutants [COUNT] [SEED] [hrv | nodes] [--again]

The changes are drawn with a seed from all of `FOLDERS`, or from one of both; each meets the tests
that call the changed function, quickest file first, up to `SECONDS` of them: of hrv alone its own
tests, without the host's. Rows are kept in output/mutants and not made twice; --again repeats those
that survived. `EQUIVALENT` names changes that change nothing, and why. Writes the section *Mutants*
of docs/reliability.md.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..host import ROOT
from .covering import Coverage, Test
from .forks import import_changed, in_fork, run_tests, warm
from .mutator import Mutant, digest, mutants, mutated
from .report import machine, write_section

FOLDERS = (
    *("hrv/*.py", "hrv/construct", "hrv/excite", "hrv/families", "hrv/files", "hrv/measure"),
    *("hrv/text", "nodes/host", "nodes/prompts", "nodes/steering", "nodes/p2p", "nodes/excite"),
    *("nodes/maps", "nodes/effects", "nodes/measure", "nodes/construct"),
)
"""The science and the patching; not what draws, nor the page."""
LOOKED_AT = {
    "hrv": ("tests/unit/hrv", "tests/parity"),
    "nodes": ("tests/unit/nodes", "tests/parity", "tests/host"),
}
NOT_AT = (
    *("server", "demo", "benchmarks", "explore", "faults", "draw", "simple", "sheet", "library"),
    *("test_cli.py", "test_full_size.py", "test_capture_memory.py", "test_killed.py"),
)
"""Tests of other things, or that start processes, which would not see the change."""
SECONDS, PATIENCE = 60.0, 90
"""Of tests that one change meets, and what they may take before they count as without an end."""
OUTPUT = ROOT / "output" / "mutants"
EQUIVALENT = Path(__file__).with_name("equivalent.json")
NOTICED, SURVIVED, NOBODY = "noticed", "survived", "no test"


def drawn(count: int, seed: int, sides: list[str]) -> list[Mutant]:
    """So many changes, drawn from all of these sides, hrv or nodes."""
    found = sorted(
        path.relative_to(ROOT).as_posix()
        for each in FOLDERS
        if each.partition("/")[0] in sides
        for path in (ROOT.glob(each) if "*" in each else (ROOT / each).rglob("*.py"))
    )
    every = [mutant for file in found for mutant in mutants(ROOT, file)]
    return sorted(every, key=lambda mutant: _place_in_line(seed, mutant.name))[:count]


def _place_in_line(seed: int, name: str) -> str:
    """At random, and the same whatever else the code has become."""
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()


def test_files(sides: list[str]) -> list[str]:
    """The files of tests that the changes of these sides may meet."""
    folders = dict.fromkeys(folder for side in sides for folder in LOOKED_AT[side])
    return [
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in sorted((ROOT / folder).rglob("test_*.py"))
        if not set(NOT_AT) & set(path.relative_to(ROOT).parts)
    ]


def chosen_tests(mutant: Mutant, known: list[Test]) -> list[str]:
    """Names of the tests that reach it, the quickest files first, until the time is spent."""
    files: dict[str, list[Test]] = {}
    for test in known:
        if test.reaches(mutant):
            files.setdefault(test.name.partition("::")[0], []).append(test)
    cheap = sorted(files.values(), key=lambda found: sum(test.seconds for test in found))
    names, spent = list[str](), 0.0
    for test in (test for found in cheap for test in found):
        spent += test.seconds
        if spent > SECONDS and names:
            break
        names.append(test.name)
    return names


def meet(mutant: Mutant, names: list[str]) -> dict[str, Any]:
    """The row of one mutant."""
    began, log = time.monotonic(), OUTPUT / "last.log"

    def run() -> int:
        import_changed(mutant.file, mutated(ROOT, mutant))
        return run_tests(names)

    code = in_fork(run, log, PATIENCE) if names else 5
    verdict = {0: SURVIVED, 5: NOBODY}.get(code, NOTICED)
    failed = [line for line in log.read_text("utf-8", "replace").splitlines() if "FAILED" in line]
    return {
        "name": mutant.name, "line": mutant.line, "verdict": verdict, "code": code,
        "tests": len(names), "by": failed[:1], "seconds": round(time.monotonic() - began, 1),
        "sha": digest(ROOT / mutant.file),
    }  # fmt: skip


def read_rows(path: Path) -> dict[str, dict[str, Any]]:
    """The latest row of every mutant."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return {row["name"]: row for row in map(json.loads, lines)}


def to_do(
    drew: list[Mutant], rows: Mapping[str, Mapping[str, Any]], again: bool
) -> Iterator[Mutant]:
    """Those without a row, or whose file has changed, or that are to be tried again."""
    for mutant in drew:
        row = rows.get(mutant.name)
        old = row is not None and row["sha"] != digest(ROOT / mutant.file)
        if row is None or ((again or old) and row["verdict"] != NOTICED):
            yield mutant


def page(drew: list[Mutant], rows: Mapping[str, Mapping[str, Any]], seed: int) -> list[str]:
    """The section: how many were noticed, and which not."""
    same = json.loads(EQUIVALENT.read_text("utf-8"))
    found = [rows[mutant.name] for mutant in drew if mutant.name in rows]
    noticed = [row for row in found if row["verdict"] == NOTICED]
    equal = [row for row in found if row["verdict"] != NOTICED and row["name"] in same]
    left = [row for row in found if row["verdict"] != NOTICED and row["name"] not in same]
    share = len(noticed) / max(len(noticed) + len(left), 1)
    sides = {mutant.file.partition("/")[0] for mutant in drew}
    return [
        f"`make mutants`: {len(found)} changes of {' and '.join(sorted(sides))}, drawn with seed "
        f"{seed}: {len(noticed)} noticed by a test, {len(equal)} of them change nothing (each "
        f"listed with its reason in tools/reliability/equivalent.json), {len(left)} not noticed: "
        f"{share:.1%} of those that change something. {machine()}.",
        "",
        *(f"- {row['verdict']}: `{row['name']}`" for row in left),
    ]


def main(arguments: list[str]) -> int:
    """The command line; see the module's docstring."""
    numbers = [int(each) for each in arguments if each.isdecimal()]
    count, seed = [*numbers, *(320, 1)[len(numbers) :]]
    OUTPUT.mkdir(parents=True, exist_ok=True)
    warm()
    sides = [each for each in LOOKED_AT if each in arguments] or list(LOOKED_AT)
    known, kept = Coverage(OUTPUT / "covering").of(test_files(sides)), OUTPUT / "rows.jsonl"
    drew, rows = drawn(count, seed, sides), read_rows(kept)
    for mutant in to_do(drew, rows, "--again" in arguments):
        row = meet(mutant, chosen_tests(mutant, known))
        rows[mutant.name] = row
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{row['verdict']:9} {row['seconds']:6} s  {mutant.name}", flush=True)
    lines = page(drew, rows, seed)
    print("\n".join(lines))
    write_section("Mutants", lines)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
