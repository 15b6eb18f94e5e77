"""Results of cases as files: one JSON file per case, recomputed when it is stale."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from .framework import PRETRAINED, Case, Experiment, Rows

FILES = ("demo_model.safetensors", "demo_judge.safetensors", "demo.hrv.safetensors")


def digest_of_files(folder: Path = PRETRAINED) -> str:
    """One digest of the model, its judge and its HRV."""
    digest = hashlib.sha256()
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise ValueError(f"The demo's {name} is expected in {folder}, but it is not there.")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Results:
    """The results below a folder, valid for these files."""

    def __init__(self, folder: Path, files: str) -> None:
        self.folder, self.files = folder, files

    def path(self, experiment: Experiment, case: Case) -> Path:
        """Where the rows of a case lie."""
        return self.folder / experiment.name / f"{_digest(case)[:16]}.json"

    def load(self, experiment: Experiment, case: Case) -> dict[str, Any] | None:
        """What `save` wrote of the case, or None if it is absent, damaged or stale."""
        try:
            kept = json.loads(self.path(experiment, case).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        valid = isinstance(kept, dict) and kept.get("fingerprint") == self._key(experiment, case)
        return kept if valid else None

    def save(self, experiment: Experiment, case: Case, rows: Rows, seconds: float) -> None:
        """Keep the rows; an interruption leaves either the old file or the new one."""
        path = self.path(experiment, case)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {
            "fingerprint": self._key(experiment, case),
            "case": case,
            "seconds": round(seconds, 2),
            "rows": rows,
        }
        beside = path.with_suffix(f".{os.getpid()}.part")
        beside.write_text(json.dumps(kept), encoding="utf-8")
        beside.replace(path)

    def _key(self, experiment: Experiment, case: Case) -> str:
        return _digest([self.files, experiment.name, experiment.version, case])[:32]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
