"""Rows of finished cases on disk."""

from __future__ import annotations

from pathlib import Path

from hrv_pack.benchmarks.evidence.experiment import Evidence
from hrv_pack.benchmarks.framework.results import Results


class TestResults:
    def test_kept_until_something_changes(self, tmp_path: Path, counting: Evidence[None]) -> None:
        one, case = counting, counting.cases("quick")[0]
        results = Results(tmp_path, "files")
        assert results.load(one, case) is None
        results.save(one, case, {"number": 0}, 1.5)
        kept = results.load(one, case)
        assert kept is not None
        assert kept["rows"] == {"number": 0} and kept["seconds"] == 1.5
        assert Results(tmp_path, "another model").load(one, case) is None
        assert results.load(one, {**case, "seeds": [5]}) is None
        one.version = 2
        assert results.load(one, case) is None

    def test_a_damaged_file_is_done_again(self, tmp_path: Path, counting: Evidence[None]) -> None:
        one, case = counting, counting.cases("quick")[0]
        results = Results(tmp_path, "files")
        results.save(one, case, {"number": 0}, 1.0)
        results.path(one, case).write_text("{", encoding="utf-8")
        assert results.load(one, case) is None
        assert not list(tmp_path.rglob("*.part"))
