"""Sections of docs/reliability.md, each written by the run that it tells of."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence

from ..host import ROOT

PAGE = ROOT / "docs" / "reliability.md"


def write_section(title: str, lines: Sequence[str]) -> None:
    """Replace what stands below a heading of the page."""
    text = PAGE.read_text("utf-8")
    heading = f"## {title}\n"
    if heading not in text:
        text = f"{text.rstrip()}\n\n{heading}"
    before, _, after = text.partition(heading)
    rest = re.search(r"^## ", after, re.MULTILINE)
    body = "\n".join(lines).strip()
    PAGE.write_text(
        f"{before}{heading}\n{body}\n" + (f"\n{after[rest.start() :]}" if rest else ""), "utf-8"
    )


def machine() -> str:
    """What it ran on."""
    return f"{platform.system()}, Python {platform.python_version()}, the CPU, one thread"
