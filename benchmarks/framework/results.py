"""Rows of finished cases as files: one JSON file per case, run again when it is stale."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, TypedDict, cast

from .study import Case, Experiment, Row


class Kept(TypedDict):
    """One file: the rows of a case, how long they took, and what they depend on."""

    fingerprint: str
    case: Case
    seconds: float
    rows: Row


class Results:
    """The results below a folder, valid for what `depends_on` names: model, judge, settings."""

    def __init__(self, folder: Path, depends_on: str) -> None:
        self.folder, self.depends_on = folder, depends_on

    def path(self, experiment: Experiment[Any, Any, Any], case: Case) -> Path:
        """Where the rows of a case lie."""
        return self.folder / experiment.name / f"{digest(case)[:16]}.json"

    def load(self, experiment: Experiment[Any, Any, Any], case: Case) -> Kept | None:
        """What `save` wrote of the case, or None if it is absent, damaged or stale."""
        try:
            kept = json.loads(self.path(experiment, case).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        valid = isinstance(kept, dict) and kept.get("fingerprint") == self._key(experiment, case)
        return cast("Kept", kept) if valid else None

    def save(
        self, experiment: Experiment[Any, Any, Any], case: Case, rows: Row, seconds: float
    ) -> None:
        """Keep the rows; an interruption leaves either the old file or the new one."""
        path = self.path(experiment, case)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept: Kept = {
            "fingerprint": self._key(experiment, case),
            "case": case,
            "seconds": round(seconds, 2),
            "rows": rows,
        }
        beside = path.with_suffix(f".{os.getpid()}.part")
        beside.write_text(json.dumps(kept), encoding="utf-8")
        beside.replace(path)

    def _key(self, experiment: Experiment[Any, Any, Any], case: Case) -> str:
        return digest([self.depends_on, experiment.name, experiment.version, case])[:32]


def digest(value: Any) -> str:
    """SHA-256 of a value that can be JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
