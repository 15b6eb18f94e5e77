"""The results of all experiments as JSON and as a Markdown page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .plan import Experiment, Table


def write(folder: Path, about: dict[str, Any], found: dict[Experiment, Table]) -> Path:
    """results.json and results.md in `folder`; the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = {one.name: {"title": one.title, "table": table} for one, table in found.items()}
    whole = {"about": about, "experiments": plain}
    (folder / "results.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    page = folder / "results.md"
    page.write_text(markdown(about, found), encoding="utf-8")
    return page


def markdown(about: dict[str, Any], found: dict[Experiment, Table]) -> str:
    """The page: what was run, then a section with a table for each experiment."""
    facts = [f"- {name}: {value}" for name, value in about.items()]
    parts = ["# The papers' experiments on a checkpoint", "", *facts]
    for one, table in found.items():
        parts += ["", f"## {one.title}", "", f"The papers: {one.paper}.", "", *_table(table)]
    return "\n".join(parts) + "\n"


def _table(table: Table) -> list[str]:
    if not table:
        return ["Nothing of this could be run: the HRV has none of its concepts."]
    columns = list(next(iter(table.values())))
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for name, cells in table.items():
        lines.append(f"| {name} | {' | '.join(map(_cell, cells.values()))} |")
    return lines


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        mean, low, high = value
        return f"{mean:.4f} [{low:.4f}, {high:.4f}]"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
