"""Generated bad input, and what counts as a clear answer to it.

Every case has a number and is made of it alone, so that a failing one can be made again.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hrv_pack.tools.host import ROOT

CASES = int(os.environ.get("HRV_FAULT_CASES", "25"))
"""Cases of every kind; `make faults` asks for many more."""
REPORT = os.environ.get("HRV_FAULT_REPORT")
"""A file that every kind's counts are added to."""
SECONDS, HANGING = 5.0, 30.0
MEMORY = 600  # MiB that a kind of case may add to the process at its peak
LONGEST_MESSAGE = 4000
STARTED = {"os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen"}
STARTED |= {"pickle.find_class"}
"""What Python reports where code of a file would be run."""

NASTY = (
    *(
        "",
        " ",
        "\n",
        "\x00",
        "\ud800",
        "\ufeff",
        "\u202egnp.exe",
        "a" * 10_000,
        "ä" * 200,
        "🐭" * 80,
    ),
    *("..", "../../etc/passwd", "/etc/passwd", "C:\\x", "con", "con .txt", "CONIN$", "a/b", "a\\b"),
    *("com¹.safetensors", "{}", "[]", "null", "NaN", "-1", "1e999", "%s%n", "${HOME}", "<script>"),
    *("!!python/object/apply:os.system ['true']", "a: b: c", ":", ",", "#", "auto", "download: "),
)
NUMBERS = (
    *(0, -1, 1, 2**31, 2**63, -(2**70), 0.5, -0.0, 1e-300, 1e308),
    *(float("nan"), float("inf"), -float("inf")),
)


def cases(kind: str, count: int = CASES) -> list[random.Random]:
    """Generators of the cases of a kind, each with a seed of its own."""
    return [random.Random(f"{kind} {number}") for number in range(count)]


def text(rng: random.Random) -> str:
    """A text nobody should send."""
    if rng.random() < 0.5:
        return rng.choice(NASTY)
    made = [
        chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x3000), rng.randrange(0x110000))))
        for _ in range(rng.randrange(60))
    ]
    return "".join(made)


def value(rng: random.Random, depth: int = 2) -> Any:
    """Anything that JSON can hold, and some that it cannot."""
    kind = rng.randrange(7 if depth else 4)
    if kind == 0:
        return text(rng)
    if kind == 1:
        return rng.choice(NUMBERS)
    if kind == 2:
        return None
    if kind == 3:
        return rng.random() < 0.5
    if kind == 4:
        return {text(rng)[:20]: value(rng, depth - 1) for _ in range(rng.randrange(4))}
    return [value(rng, depth - 1) for _ in range(rng.randrange(4))]


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A file after an accident: cut, bits flipped, a piece replaced, doubled, emptied."""
    data = bytearray(content)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data)) if data else 0
        kind = rng.randrange(6)
        if kind == 0:
            del data[at:]
        elif kind == 1 and data:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at : at + rng.randrange(64)] = rng.randbytes(rng.randrange(64))
        elif kind == 3:
            data[:8] = rng.choice((0, 2**63, 2**40, len(data), rng.randrange(2**20))).to_bytes(
                8, "little"
            )
        elif kind == 4:
            data += data[at:]
        elif rng.random() < 0.2:
            data.clear()
    return bytes(data)


def changed(record: Any, rng: random.Random) -> Any:
    """A JSON record with one thing in it replaced, dropped or added."""
    record = json.loads(json.dumps(record))
    parts = [record]
    for part in parts:
        inner = part.values() if isinstance(part, dict) else part
        parts.extend(each for each in inner if isinstance(each, dict | list) and each)
    part = rng.choice(parts)
    key = rng.choice(list(part)) if isinstance(part, dict) else rng.randrange(len(part))
    kind = rng.randrange(3)
    if kind == 0:
        del part[key]
    elif kind == 1 and isinstance(part, dict):
        part[text(rng)] = value(rng)
    else:
        part[key] = value(rng)
    return record


def is_clear(error: BaseException) -> bool:
    """A sentence of ours for whoever caused it, not the exception of some library."""
    raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    ours = type(error) is ValueError and raised_in.is_relative_to(ROOT)
    return ours and 15 < len(str(error)) < LONGEST_MESSAGE


_ran: list[str] = []
sys.addaudithook(lambda event, _: _ran.append(event) if event in STARTED else None)


class Hangs(Exception):
    """A case that takes no end."""


def _stop(*_: object) -> None:
    raise Hangs(f"longer than {HANGING:g} s")


class Answers:
    """How many cases were accepted and how many refused with a sentence; other ends are kept."""

    def __init__(self) -> None:
        self.accepted = self.refused = 0
        self.wrong: dict[str, object] = {}
        self.slowest = 0.0
        self._before = _peak()

    def of(self, case: object, call: Callable[..., Any], *given: object) -> Any:
        """What `call(*given)` returns, None where it was refused."""
        began, found, ran = time.process_time(), None, len(_ran)
        signal.signal(signal.SIGVTALRM, _stop)
        signal.setitimer(signal.ITIMER_VIRTUAL, HANGING)
        try:
            found = call(*given)
            self.accepted += 1
        except Exception as error:
            self.refused += 1
            if not is_clear(error):
                place = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(place.filename).name}:{place.lineno}"
                self.wrong[f"{type(error).__name__} at {where}: {str(error)[:200]!r}"] = case
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if _ran[ran:]:
            self.wrong[f"ran {_ran[ran:]}"] = case
        took = time.process_time() - began
        self.slowest = max(self.slowest, took)
        if took > SECONDS:
            self.wrong[f"{took:.1f} s"] = case
        return found

    def close(self, refusing: bool = True) -> None:
        """The end of a kind: AssertionError with every wrong end, and where nothing was tried."""
        found = [f"{said} (case {str(case)[:200]!r})" for said, case in self.wrong.items()]
        grown = (_peak() - self._before) / 1024
        self._report(grown)
        assert not found, "\n".join(["", *found])
        assert self.refused or not refusing, "nothing was refused, so nothing was tried"
        assert grown < MEMORY, f"memory grew by {grown:.0f} MiB"

    def _report(self, grown: float) -> None:
        if REPORT:
            kind = os.environ["PYTEST_CURRENT_TEST"].partition("::")[2].partition(" ")[0]
            row = {"kind": kind, "accepted": self.accepted, "refused": self.refused}
            row |= {"wrong": list(self.wrong), "slowest": self.slowest, "grown": grown}
            with Path(REPORT).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
