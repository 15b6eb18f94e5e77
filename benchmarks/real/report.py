"""The results of all experiments as JSON and as a Markdown page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..framework.output import markdown_table
from .scope import Columns, RealExperiment

Found = Mapping[RealExperiment[Any], Columns]
"""Every experiment with its table."""


def write(folder: Path, about: Mapping[str, object], found: Found) -> Path:
    """results.json and results.md in `folder`; the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = {one.name: {"title": one.title, "table": table} for one, table in found.items()}
    whole = {"about": about, "experiments": plain}
    (folder / "results.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    page = folder / "results.md"
    page.write_text(markdown(about, found), encoding="utf-8")
    return page


def markdown(about: Mapping[str, object], found: Found) -> str:
    """The page: what was run, then a section with a table for each experiment."""
    facts = [f"- {name}: {value}" for name, value in about.items()]
    parts = ["# The papers' experiments on a checkpoint", "", *facts]
    for one, table in found.items():
        parts += ["", f"## {one.title}", "", f"The papers: {one.paper}.", "", _table(table)]
    return "\n".join(parts) + "\n"


def _table(table: Columns) -> str:
    if not table:
        return "Nothing of this could be run: the HRV has none of its concepts."
    columns = list(next(iter(table.values())))
    lines = [[name, *map(_cell, cells.values())] for name, cells in table.items()]
    return markdown_table(["", *columns], lines)


def _cell(value: float | tuple[float, float, float] | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, tuple):
        mean, low, high = value
        return f"{mean:.4f} [{low:.4f}, {high:.4f}]"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
