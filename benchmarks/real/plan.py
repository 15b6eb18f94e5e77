"""What an experiment on a real model is, how large it is, and its results on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..framework.statistics import mean_interval

Case = dict[str, Any]
Row = dict[str, Any]
Table = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Size:
    """How much of an experiment is run: so many prompts of each kind, these seeds.

    weakened: shares of the heads at which weakening is looked at.
    """

    prompts: int
    seeds: tuple[int, ...]
    weakened: tuple[float, ...]


def _shares(count: int) -> tuple[float, ...]:
    return tuple(i / count for i in range(count + 1))


SIZES: dict[str, Size] = {
    "smoke": Size(1, (10,), (0.0, 0.5, 1.0)),
    "small": Size(5, (10, 20), _shares(4)),
    "paper": Size(1000, tuple(range(10, 101, 10)), _shares(13)),
}


@dataclass(frozen=True)
class Experiment:
    """cases: fixed beforehand; run: rows of a case; summarise: row of the table -> columns."""

    name: str
    title: str
    paper: str
    cases: Callable[..., list[Case]]
    run: Callable[..., list[Row]]
    summarise: Callable[[Sequence[Row]], Table]


class Store:
    """Rows of finished cases, one JSON file each, so that a run goes on where it stopped."""

    def __init__(self, folder: Path, depends_on: dict[str, Any]) -> None:
        self.folder = folder
        self.depends_on = json.dumps(depends_on, sort_keys=True)

    def path(self, experiment: str, case: Case) -> Path:
        """The file of a case; another model, setting or judge gives another."""
        text = f"{self.depends_on}\n{experiment}\n{json.dumps(case, sort_keys=True)}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:20]
        return self.folder / experiment / f"{digest}.json"

    def rows(self, experiment: str, case: Case, run: Callable[[], list[Row]]) -> list[Row]:
        """The rows of a case, from its file or by running it."""
        path = self.path(experiment, case)
        if path.is_file():
            return json.loads(path.read_text())
        rows = run()
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        beside.write_text(json.dumps(rows))
        beside.replace(path)
        return rows


def by_method(
    rows: Sequence[Row], kind: str, methods: Iterable[str], columns: dict[str, str], cluster: str
) -> Table:
    """A line for each value of the column `kind` and each method; columns: title -> column."""
    table: Table = {}
    for value in dict.fromkeys(row[kind] for row in rows):
        for method in methods:
            mine = [r for r in rows if r[kind] == value and r["method"] == method]
            means = {title: mean_of(mine, column, cluster) for title, column in columns.items()}
            table[f"{value}: {method}"] = {"pictures": len(mine), **means}
    return table


def mean_of(rows: Sequence[Row], key: str, cluster: str) -> tuple[float, float, float]:
    """Mean of a column and its 95% interval, rows with the same `cluster` drawn together."""
    values = [row[key] for row in rows]
    low, high = mean_interval(values, [row[cluster] for row in rows])
    return float(np.mean(values)), low, high
