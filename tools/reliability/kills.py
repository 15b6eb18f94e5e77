"""Kill constructions and savings at random moments, fill the disk, take the folder away::

    python3 tools/host.py run -m tools.pack tools.reliability.kills [COUNT] [SEED]

Every process is a fork of this one, on the demo model. A killed one is started again and goes on;
the finished file should be, byte for byte, that of a run nobody disturbed. Writes the section
*Kills* of docs/reliability.md.
"""

from __future__ import annotations

import os
import random
import resource
import select
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from .report import machine, write_section
from .scenes import BATCH, Constructing, Scene, Tell, scenes

Work = Callable[[Tell], object]
EARLY = 0.2
"""The share of kills that come before a process has done anything."""


@dataclass
class Found:
    """What was seen of one kind of work: kills, of these in a saving, the most that one lost."""

    name: str
    kills: int = 0
    halves: int = 0
    lost: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def row(self) -> str:
        """Its line of the table."""
        ended = "; ".join(self.faults) or "the undisturbed file, byte for byte; nothing beside it"
        return f"| {self.name} | {self.kills} | {self.halves} | {self.lost} | {ended} |"


class Process:
    """Work in a fork. told: the last it has said; said: its sentence where it was refused."""

    def __init__(self, work: Work) -> None:
        self._reader, writer = os.pipe()
        self._heard = b""
        self.child = os.fork()
        if self.child == 0:
            os.close(self._reader)
            _work(work, writer)
        os.close(writer)

    def first_word(self, seconds: float = 600.0) -> None:
        """Wait for it, so long at most."""
        if select.select([self._reader], [], [], seconds)[0]:
            self._heard += os.read(self._reader, 4096)

    def kill(self) -> None:
        os.kill(self.child, signal.SIGKILL)

    def end(self) -> list[str]:
        """Wait until it ends; the lines that it said."""
        while more := os.read(self._reader, 4096):
            self._heard += more
        os.close(self._reader)
        os.waitpid(self.child, 0)
        return self._heard.decode().splitlines()


def _work(work: Work, writer: int) -> None:
    """In the fork: each number a line; a refusal, or what else went wrong, the last one."""
    try:
        work(lambda number: _say(writer, str(number)))
    except ValueError as error:
        _say(writer, f"said: {error}")
    except BaseException as error:
        _say(writer, f"trace: {type(error).__name__}: {error}")
    os._exit(0)


def _say(writer: int, line: str) -> None:
    os.write(writer, f"{' '.join(line.split())}\n".encode())


def disturbed(scene: Scene, folder: Path, kills: int, rng: random.Random) -> Found:
    """Killed so often and then finished, beside a run that was left alone."""
    found, path = Found(scene.name), folder / scene.file
    alone, pace = undisturbed(scene, folder / "alone")
    while found.kills < kills:
        process = Process(lambda tell: scene.run(path, tell))
        if rng.random() >= EARLY:
            process.first_word()
        time.sleep(rng.uniform(0, 2 * pace))
        process.kill()
        lines = process.end()
        found.kills += 1
        found.halves += bool(beside(path))
        kept = scene.kept(path) if path.exists() else 0
        told = max((int(line) for line in lines if line.isdecimal()), default=0)
        found.lost = max(found.lost, told - kept)
        found.faults += [line for line in lines if not line.isdecimal()]
        if kept == scene.whole and found.kills < kills:
            path.unlink()
    Process(lambda tell: scene.run(path, tell)).end()
    return judged(found, path, alone)


def judged(found: Found, path: Path, alone: bytes) -> Found:
    """With the faults that the folder shows."""
    if not path.exists() or path.read_bytes() != alone:
        found.faults.append("another file in the end")
    if left := beside(path):
        found.faults.append(f"left over: {', '.join(left)}")
    if found.lost > BATCH:
        found.faults.append("more than a batch lost")
    return found


def undisturbed(scene: Scene, folder: Path) -> tuple[bytes, float]:
    """The file of a run left alone, and seconds of each of its parts.

    In a fork as well: the threads that autograd starts here would be missing in later forks.
    """
    folder.mkdir(parents=True)
    process = Process(lambda tell: scene.run(folder / scene.file, tell))
    process.first_word()
    began = time.monotonic()
    process.end()
    return (folder / scene.file).read_bytes(), (time.monotonic() - began) / scene.whole


def beside(path: Path) -> list[str]:
    """Names of files in the folder of a file besides it."""
    return [each.name for each in path.parent.iterdir() if each.is_file() and each != path]


def full_disk() -> None:
    """From now on this process can write no file of more than a kilobyte."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def nobody() -> None:
    """From now on this process may write nothing of root's."""
    if os.getuid() == 0:
        os.setuid(65534)
        tempfile.tempdir = tempfile.mkdtemp()  # the run's lock in the other one is root's


def refused(scene: Scene, folder: Path, before: Callable[[], None], closed: bool) -> Found:
    """Half done, then gone on under a disturbance, which should be told; then finished."""
    found, path = Found(f"{scene.name}: {before.__name__.replace('_', ' ')}"), folder / scene.file
    alone, _ = undisturbed(scene, folder / "alone")
    process = Process(lambda tell: scene.run(path, tell))
    while not path.exists():
        time.sleep(0.01)
    process.kill()
    process.end()
    kept = path.read_bytes()
    folder.chmod(0o555 if closed else 0o755)

    def work(tell: Tell) -> None:
        before()
        scene.run(path, tell)

    said = Process(work).end()[-1:]
    folder.chmod(0o755)
    if not (said and said[0].startswith("said: ") and "cannot be saved" in said[0]):
        found.faults.append(f"no sentence: {said}")
    if path.read_bytes() != kept:
        found.faults.append("what was saved before has changed")
    Process(lambda tell: scene.run(path, tell)).end()
    return judged(found, path, alone)


def two(scene: Scene, folder: Path) -> Found:
    """A second process on the run of a first: told, and the first undisturbed."""
    found, path = Found(f"{scene.name}: two processes on one run"), folder / scene.file
    alone, _ = undisturbed(scene, folder / "alone")
    first = Process(lambda tell: scene.run(path, tell))
    first.first_word()
    second = Process(lambda tell: scene.run(path, tell)).end()
    if not (second and second[-1].startswith("said: Another process")):
        found.faults.append(f"no sentence: {second[-1:]}")
    numbers = [int(line) for line in first.end() if line.isdecimal()]
    if numbers != sorted(numbers):
        found.faults.append("progress went back")
    return judged(found, path, alone)


def main(count: str = "100", seed: str = "1") -> None:
    """Run all, print the table, write it."""
    torch.set_num_threads(1)
    rng, rows = random.Random(int(seed)), list[Found]()
    shares = zip(scenes(), (0.4, 0.3, 0.3), strict=True)
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)

        def folder() -> Path:
            made = Path(name) / str(len(rows))
            made.mkdir()
            return made

        def told(found: Found) -> None:
            rows.append(found)
            print(found.row, flush=True)

        for scene, share in shares:
            told(disturbed(scene, folder(), round(share * int(count)), rng))
        for scene in scenes():
            told(refused(scene, folder(), full_disk, closed=False))
            told(refused(scene, folder(), nobody, closed=True))
            if isinstance(scene, Constructing):
                told(two(scene, folder()))
    write_section("Kills", page(rows, count, seed))


def page(rows: list[Found], count: str, seed: str) -> list[str]:
    """The section."""
    return [
        f"`make kills`: {sum(row.kills for row in rows)} times `kill -9` (asked for {count}, seed "
        f"{seed}), at moments drawn at random, a fifth of them before anything was done; then a "
        f"full disk (files may have 1,000 bytes), a folder that may not be written to, two "
        f"processes on one run. Demo model, a saving every {BATCH} images. {machine()}.",
        "",
        "| what | kills | of these within a saving | most images lost by one | in the end |",
        "|---|---|---|---|---|",
        *(row.row for row in rows),
    ]
