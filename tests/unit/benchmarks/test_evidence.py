"""The evidence's statistics, results on disk, and page."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrv_pack.benchmarks.evidence import page
from hrv_pack.benchmarks.evidence.framework import EXPERIMENTS, Experiment, experiment
from hrv_pack.benchmarks.evidence.results import Results
from hrv_pack.benchmarks.evidence.runner import Job, Worker, missing, run_jobs
from hrv_pack.benchmarks.framework.statistics import (
    area,
    interval_of,
    mean_interval,
    roc_area,
    verdict,
    wilson,
)


class Counting(Experiment):
    """Two cases whose rows are their numbers."""

    name, title, paper = "counting", "Counting | by hand", "none"

    def cases(self, size: str) -> list[dict[str, Any]]:
        return [{"number": n, "seeds": [10 * n, 10 * n + 1]} for n in range(2)]

    def run(self, lab: Any, case: dict[str, Any]) -> dict[str, Any]:
        return {"number": case["number"]}

    def summarise(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        numbers = [row["number"] for row in rows]
        table = {"title": "All", "header": ["a|b"], "rows": [[str(n)] for n in numbers]}
        told = {"ours": str(numbers), "interval": None, "sentence": "Counted.", "data": {}}
        return {**told, "tables": [table]}

    def figures(self, summary: dict[str, Any], folder: Path) -> list[str]:
        return []


class TestIntervals:
    def test_wilson_is_the_published_formula(self) -> None:
        # Brown, Cai and DasGupta (2001): 10 of 100 gives 0.0552 to 0.1744.
        assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
        assert wilson(0, 0) == (0.0, 1.0)
        assert wilson(0, 10)[0] == 0.0
        assert wilson(10, 10)[1] == pytest.approx(1.0)

    def test_pictures_of_one_prompt_count_as_one(self) -> None:
        rng = np.random.default_rng(0)
        prompts = rng.normal(size=20)
        once = mean_interval(prompts.tolist(), list(range(20)))
        often = mean_interval(np.repeat(prompts, 10).tolist(), np.repeat(range(20), 10).tolist())
        assert often == pytest.approx(once)
        alone = mean_interval(np.repeat(prompts, 10).tolist(), list(range(200)))
        assert alone[1] - alone[0] < (often[1] - often[0]) / 2

    def test_interval_has_its_coverage(self) -> None:
        rng = np.random.default_rng(1)
        hits = 0
        for _ in range(200):
            values = rng.normal(size=40)
            low, high = mean_interval(values.tolist(), list(range(40)), rounds=400)
            hits += low <= 0 <= high
        assert 0.88 <= hits / 200 <= 0.99

    @pytest.mark.parametrize("clusters", [3, 5])
    def test_few_prompts_are_not_overtrusted(self, clusters: int) -> None:
        rng = np.random.default_rng(2)
        hits = 0
        for _ in range(200):
            values = 2 + rng.normal(size=clusters)
            low, high = mean_interval(values.tolist(), list(range(clusters)), rounds=300)
            hits += low <= 2 <= high
        assert hits / 200 >= 0.88

    def test_one_prompt_tells_nothing(self) -> None:
        assert mean_interval([0.4, 0.4], ["same", "same"]) == (0.0, 1.0)
        assert mean_interval([-0.4, 0.4], ["same", "same"]) == (-1.0, 1.0)
        assert verdict(mean_interval([0.4, 0.4], ["same", "same"])) == "no"

    def test_the_same_every_time(self) -> None:
        assert mean_interval([0, 1, 1], [0, 1, 2]) == mean_interval([0, 1, 1], [0, 1, 2])
        values = np.array([-3.0, 1, 1, 5])  # not shares, whose intervals end at 0 and 1
        any_ = interval_of(lambda drawn: float(values[drawn].mean()), 4)
        assert any_ == pytest.approx(mean_interval(values.tolist(), list(range(4))))

    def test_lengths_must_agree(self) -> None:
        with pytest.raises(ValueError, match="one cluster"):
            mean_interval([1.0], [])
        with pytest.raises(ValueError, match="at least one"):
            mean_interval([], [])

    @pytest.mark.parametrize(
        ("interval", "said"),
        [((0.1, 0.2), "yes"), ((-0.1, 0.2), "no"), ((-0.2, -0.1), "reversed"), ((0, 0), "no")],
    )
    def test_verdict(self, interval: tuple[float, float], said: str) -> None:
        assert verdict(interval) == said

    def test_area_of_a_triangle(self) -> None:
        assert area([0, 0.5, 1], [0, 0.5, 1]) == 0.5

    def test_roc_area_is_the_share_of_pairs_in_order(self) -> None:
        rng = np.random.default_rng(0)
        scores, positive = rng.integers(0, 9, 60), rng.random(60) < 0.3
        pairs = scores[positive][:, None] - scores[~positive][None]
        wanted = (pairs > 0).mean() + (pairs == 0).mean() / 2
        assert roc_area(scores, positive) == pytest.approx(wanted)

    def test_roc_area_needs_both_kinds(self) -> None:
        with pytest.raises(ValueError, match="found 3 of 3"):
            roc_area(np.arange(3), np.ones(3, bool))


class TestResults:
    def test_kept_until_something_changes(self, tmp_path: Path) -> None:
        one, case = Counting(), Counting().cases("quick")[0]
        results = Results(tmp_path, "files")
        assert results.load(one, case) is None
        results.save(one, case, {"number": 0}, 1.5)
        kept = results.load(one, case)
        assert kept is not None
        assert kept["rows"] == {"number": 0} and kept["seconds"] == 1.5
        assert Results(tmp_path, "another model").load(one, case) is None
        newer = Counting()
        newer.version = 2
        assert results.load(newer, case) is None
        assert results.load(one, {**case, "seeds": [5]}) is None

    def test_a_damaged_file_is_done_again(self, tmp_path: Path) -> None:
        one, case = Counting(), Counting().cases("quick")[0]
        results = Results(tmp_path, "files")
        results.save(one, case, {"number": 0}, 1.0)
        results.path(one, case).write_text("{", encoding="utf-8")
        assert results.load(one, case) is None
        assert not list(tmp_path.rglob("*.part"))

    def test_resumes_with_what_is_missing(self, tmp_path: Path) -> None:
        one, results = Counting(), Results(tmp_path, "files")
        assert len(missing([one], "quick", results)) == 2
        results.save(one, one.cases("quick")[0], {"number": 0}, 1.0)
        assert [job.case["number"] for job in missing([one], "quick", results)] == [1]


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
    def test_a_failing_case_or_worker_stops_nothing(self, tmp_path: Path) -> None:
        one = Counting()
        jobs = [Job(one, {"number": n}) for n in (0, 1, 2, 0, 0)]
        bar = Bar()
        worker = Worker([sys.executable, "-c", SCRIPT], tmp_path / "log")
        failures = run_jobs(jobs, [worker], bar)  # type: ignore[arg-type]
        assert [f.job.case["number"] for f in failures] == [1, 2]
        assert "ValueError: no" in failures[0].error
        assert "ended with 3" in failures[1].error
        assert bar.done == sum(one.cost(job.case) for job in jobs)


class TestCases:
    @pytest.mark.parametrize("name", EXPERIMENTS)
    def test_fixed_seeded_and_plain_data(self, name: str) -> None:
        one = experiment(name)
        assert one.name == name
        for size in ("quick", "full"):
            cases = one.cases(size)  # type: ignore[arg-type]
            written = json.dumps(cases)
            assert written == json.dumps(one.cases(size))  # type: ignore[arg-type]
            assert len({json.dumps(case) for case in cases}) == len(cases)
            assert all(one.cost(case) > 0 for case in cases)

    def test_an_unknown_name_lists_all(self) -> None:
        with pytest.raises(ValueError, match="weakening, meanings"):
            experiment("nothing")


class TestPage:
    def test_holds_every_part_and_escapes_bars(self, tmp_path: Path, monkeypatch: Any) -> None:
        one, results = Counting(), Results(tmp_path / "cases", "files")
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

    def test_says_when_cases_are_missing(self, tmp_path: Path, monkeypatch: Any) -> None:
        one, results = Counting(), Results(tmp_path / "cases", "files")
        case = one.cases("quick")[0]
        results.save(one, case, one.run(None, case), 1.0)
        monkeypatch.setattr(page, "experiment", lambda name: one)
        kept = {"counting": [results.load(one, case)]}
        written = page.write_page(kept, "quick", "files", tmp_path, tmp_path / "docs")  # type: ignore[arg-type]
        assert "1 cases of 2: not complete" in written.read_text(encoding="utf-8")
        assert not (tmp_path / "docs").exists()
