"""Run the host tests and the demo workflows on several versions of ComfyUI::

    python tools/host.py run -m tools.hosts.matrix [VERSION ...]

All of them run in the pinned host's Python. What each showed lies in ``output/hosts``, one file for
each version; from these files come the lines of the table in docs/compatibility.md. The exit status
is 1 if a test fails or an image differs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from xml.etree import ElementTree

from ..host import PINS, ROOT, HostError, pinned_source, say
from ..same_images import Seen, demo_graphs, note_workflows
from ..server import Server
from .table import FOLDER, Shown, digests, same_as, write_table

JUNIT = FOLDER / "tests.xml"
TESTS = ("tests/host", "-m", "not slow", "-q", "--junitxml", str(JUNIT))


def versions() -> list[str]:
    """The other versions, oldest first."""
    names = [path.stem for path in (PINS / "hosts").glob("*.txt")]
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")])


@contextmanager
def host_of(version: str) -> Iterator[None]:
    """Within it, tests and servers use this version; "" is the pinned one."""
    settings = {"COMFYUI_PATH": str(pinned_source(version)), "COMFYUI_PYTHON": sys.executable}
    before = {key: os.environ.get(key) for key in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def run_tests() -> dict[str, int]:
    """How many of the host tests passed, failed and were skipped."""
    JUNIT.unlink(missing_ok=True)
    subprocess.run([sys.executable, "-m", "pytest", *TESTS], cwd=ROOT, check=False)
    if not JUNIT.exists():
        return {"passed": 0, "failed": 1, "skipped": 0}
    suites = ElementTree.parse(JUNIT).getroot().iter("testsuite")
    total = failed = skipped = 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return {"passed": total - failed - skipped, "failed": failed, "skipped": skipped}


def look() -> Shown:
    """The version that the server names, its tests, and every image of the demo workflows."""
    seen = Seen()
    with Server(threads=1) as server:
        version = server.get_json("/system_stats")["system"]["comfyui_version"]
        note_workflows(seen, server, demo_graphs(ROOT, server.object_info()))
    return Shown(version, digests(seen.images), digests(seen.figures), run_tests())


def main(asked: Sequence[str]) -> int:
    """Look at each version, then compare; the pinned one comes first, since all are held to it."""
    known = versions()
    if unknown := [name for name in asked if name not in known]:
        say(f"no ComfyUI {', '.join(unknown)} in requirements/hosts; there are {', '.join(known)}")
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    good = True
    pinned: Shown | None = None
    for version in ("", *(asked or known)):
        with host_of(version):
            shown = look()
        pinned = pinned or shown
        differ = [name for name in pinned.images if not same_as(pinned, shown, name)]
        good = good and not differ and not shown.tests["failed"]
        (FOLDER / f"{shown.version}.json").write_text(json.dumps(shown._asdict(), indent=1))
        say(f"ComfyUI {shown.version}: {shown.tests}; {len(differ)} of {len(pinned.images)} differ")
    JUNIT.unlink(missing_ok=True)
    write_table(ROOT / "docs" / "compatibility.md")
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except HostError as error:
        say(f"{error}")
        sys.exit(1)
