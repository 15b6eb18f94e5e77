"""The page: every part of an experiment, and whether it is complete."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hrv_pack.benchmarks.evidence import page
from hrv_pack.benchmarks.evidence.experiment import Evidence
from hrv_pack.benchmarks.framework.results import Results


class TestPage:
    def test_holds_every_part_and_escapes_bars(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting: Evidence[None]
    ) -> None:
        one, results = counting, Results(tmp_path / "cases", "files")
        for case in one.cases("quick"):
            results.save(one, case, one.run(None, case), 30.0)
        kept = {"counting": [results.load(one, case) for case in one.cases("quick")]}
        monkeypatch.setattr(page, "experiment", lambda name: one)
        written = page.write_page(kept, "full", "files", tmp_path, tmp_path / "docs")  # type: ignore[arg-type]
        text = written.read_text(encoding="utf-8")
        assert "## Counting | by hand" in text
        assert "Counted." in text
        assert "a\\|b" in text
        assert "0 to 1, 10 to 11" in text
        assert (tmp_path / "docs" / "evidence.md").is_file()
        facts = json.loads((tmp_path / "evidence.json").read_text(encoding="utf-8"))
        assert facts["experiments"]["counting"]["ours"] == "[0, 1]"

    def test_says_when_cases_are_missing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting: Evidence[None]
    ) -> None:
        one, results = counting, Results(tmp_path / "cases", "files")
        case = one.cases("quick")[0]
        results.save(one, case, one.run(None, case), 1.0)
        monkeypatch.setattr(page, "experiment", lambda name: one)
        kept = {"counting": [results.load(one, case)]}
        written = page.write_page(kept, "quick", "files", tmp_path, tmp_path / "docs")  # type: ignore[arg-type]
        assert "1 cases of 2: not complete" in written.read_text(encoding="utf-8")
        assert not (tmp_path / "docs").exists()
