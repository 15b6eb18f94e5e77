"""Which test calls which function of the pack, and how long it takes."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..host import ROOT
from .forks import in_fork, run_tests
from .mutator import Mutant, digest

Called = dict[str, list[str]]
"""{file: names of functions}."""


@dataclass(frozen=True)
class Test:
    """A test: its name for pytest, seconds of this process, and what it calls."""

    name: str
    seconds: float
    calls: Called

    def reaches(self, mutant: Mutant) -> bool:
        """Whether it calls the changed function, or anything of the file if that is no function."""
        called = self.calls.get(mutant.file, ())
        inner = f"{mutant.place}.<locals>"
        exact = any(name == mutant.place or name.startswith(inner) for name in called)
        return exact or (bool(called) and (not mutant.place or _is_class(mutant.place)))


class Coverage:
    """What is known of every test file, kept in a folder and measured where a file is new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, files: Sequence[str]) -> list[Test]:
        """All tests of these files that pass."""
        return [test for file in files for test in self._of_file(file)]

    def _of_file(self, file: str) -> Iterator[Test]:
        kept = self.folder / f"{file.replace('/', '.')}.{digest(ROOT / file)}.json"
        if not kept.is_file():
            for old in self.folder.glob(f"{file.replace('/', '.')}.*.json"):
                old.unlink()
            print(f"looking at {file}", flush=True)
            in_fork(lambda: _watched(file, kept), kept.with_suffix(".log"))
        found = json.loads(kept.read_text("utf-8")) if kept.is_file() else []
        yield from (Test(each["name"], each["seconds"], each["calls"]) for each in found)


def _watched(file: str, kept: Path) -> int:
    watch = Watch()
    run_tests([file], [watch], stop=False)
    kept.write_text(json.dumps(watch.rows), "utf-8")
    return 0


class Watch:
    """A plugin of pytest that notes which functions of the pack each test calls."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._called: set[tuple[str, str]] = set()
        self._set_up: set[tuple[str, str]] = set()  # what is shared was set up by an earlier test
        self._began = 0.0

    def pytest_runtest_logstart(self) -> None:
        self._called, self._began = set(), time.process_time()
        threading.settrace(self._trace)
        sys.settrace(self._trace)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "setup":
            self._set_up |= self._called
        if report.when == "call" and report.passed:
            took = time.process_time() - self._began
            self.rows.append(
                {
                    "name": report.nodeid,
                    "seconds": took,
                    "calls": _by_file(self._called | self._set_up),
                }
            )

    def pytest_runtest_logfinish(self) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def _trace(self, frame: Any, event: str, argument: object) -> None:
        code = frame.f_code
        self._called.add((code.co_filename, code.co_qualname))


def _by_file(called: set[tuple[str, str]]) -> Called:
    found: Called = {}
    root = f"{ROOT}{os.sep}"
    for path, name in sorted(called):
        file = path.removeprefix(root)
        if file != path and file.startswith(("hrv/", "nodes/")):
            found.setdefault(file, []).append(name)
    return found


def _is_class(place: str) -> bool:
    return place.rpartition(".")[2].lstrip("_")[:1].isupper()
