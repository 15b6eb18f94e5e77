"""Workers, failures, and going on with what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

from hrv_pack.benchmarks.evidence.experiment import Evidence
from hrv_pack.benchmarks.evidence.runner import Job, Worker, missing, run_jobs
from hrv_pack.benchmarks.framework.results import Results

SCRIPT = """
import json, sys
for line in sys.stdin:
    number = json.loads(line)["case"]["number"]
    if number == 1:
        print(json.dumps({"error": "ValueError: no", "trace": "Traceback"}), flush=True)
    elif number == 2:
        sys.exit(3)
    else:
        print(json.dumps({"error": None}), flush=True)
"""


class Bar:
    """Counts like a progress bar."""

    done = 0.0

    def update(self, more: float) -> None:
        self.done += more

    def set_postfix_str(self, text: str, refresh: bool) -> None:
        pass


class TestRunning:
    def test_a_failing_case_or_worker_stops_nothing(
        self, tmp_path: Path, counting: Evidence[None]
    ) -> None:
        one = counting
        jobs = [Job(one, {"number": n}) for n in (0, 1, 2, 0, 0)]
        bar = Bar()
        worker = Worker([sys.executable, "-c", SCRIPT], tmp_path / "log")
        failures = run_jobs(jobs, [worker], bar)  # type: ignore[arg-type]
        assert [f.job.case["number"] for f in failures] == [1, 2]
        assert "ValueError: no" in failures[0].error
        assert "ended with 3" in failures[1].error
        assert bar.done == sum(one.cost(job.case) for job in jobs)

    def test_resumes_with_what_is_missing(self, tmp_path: Path, counting: Evidence[None]) -> None:
        one, results = counting, Results(tmp_path, "files")
        assert len(missing([one], "quick", results)) == 2
        results.save(one, one.cases("quick")[0], {"number": 0}, 1.0)
        assert [job.case["number"] for job in missing([one], "quick", results)] == [1]
