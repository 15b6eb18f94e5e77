"""What the pack showed on each ComfyUI, as lines of a table."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..host import ROOT

FOLDER = ROOT / "output" / "hosts"
BEGIN, END = "<!-- versions: written by make test-hosts -->", "<!-- end of versions -->"
HEAD = (
    "| ComfyUI | host tests passed | failed | skipped | images as on {newest} | figures |\n"
    "|---|---|---|---|---|---|"
)


class Shown(NamedTuple):
    """What was seen on one version: images and figures by name, as digests; counts of tests."""

    version: str
    images: dict[str, str]
    figures: dict[str, str]
    tests: dict[str, int]


def digests(values: Mapping[str, Any]) -> dict[str, str]:
    """A digest of each value, which differs wherever the values do."""
    return {name: hashlib.sha256(repr(v).encode()).hexdigest() for name, v in values.items()}


def same_as(one: Shown, other: Shown, name: str) -> bool:
    """Whether both show the same image, pixel for pixel."""
    return one.images[name] == other.images.get(name)


def order(version: str) -> list[int]:
    """Versions sorted by it stand in the order in which they were published."""
    return [int(part) for part in re.findall(r"\d+", version)]


def lines(shown: list[Shown]) -> str:
    """The table, newest version first; all are held to the newest."""
    rows = sorted(shown, key=lambda each: order(each.version), reverse=True)
    newest = rows[0]
    text = [HEAD.format(newest=newest.version)]
    for row in rows:
        same = sum(same_as(newest, row, name) for name in newest.images)
        figures = sum(row.figures.get(name) == value for name, value in newest.figures.items())
        tests = (row.tests[kind] for kind in ("passed", "failed", "skipped"))
        cells = (row.version, *tests, f"{same} of {len(newest.images)}")
        text.append(f"| {' | '.join(map(str, cells))} | {figures} of {len(newest.figures)} |")
    return "\n".join(text)


def write_table(page: Path) -> None:
    """Put the table of all stored results between the marks of a page."""
    stored = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    table = lines([Shown(**each) for each in stored])
    text = page.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", "utf-8")
