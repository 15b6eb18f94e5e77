"""The page: every part of an experiment, and whether it is complete."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from hrv_pack.benchmarks.evidence import page
from hrv_pack.benchmarks.evidence.experiment import Evidence
from hrv_pack.benchmarks.evidence.sections import Section, page_of, sections_of
from hrv_pack.benchmarks.framework.results import Results

FACTS: page.Facts = {"size": "quick", "files": "files", "machine": "a machine"}


class TestPage:
    def test_holds_every_part_and_escapes_bars(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting: Evidence[None]
    ) -> None:
        one, results = counting, Results(tmp_path / "cases", "files")
        for case in one.cases("quick"):
            results.save(one, case, one.run(None, case), 30.0)
        kept = {"counting": [results.load(one, case) for case in one.cases("quick")]}
        monkeypatch.setattr(page, "experiment", lambda name: one)
        written = page.write_page(kept, FACTS, tmp_path, ["counting"], tmp_path / "docs")  # type: ignore[arg-type]
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
        written = page.write_page(kept, FACTS, tmp_path, docs=tmp_path / "docs")  # type: ignore[arg-type]
        text = written.read_text(encoding="utf-8")
        assert "1 cases of the 2 of this size: not complete" in text
        assert not (tmp_path / "docs").exists()


OTHER = """## Another

Paper: it counts.

Here: three (95% interval 1.000 to 4.000).

**Not seen.**

What it found."""


class TestSections:
    def test_an_experiment_replaces_its_own_section_and_leaves_the_others(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counting: Evidence[None]
    ) -> None:
        docs, results = tmp_path / "docs", Results(tmp_path / "cases", "files")
        (docs / "evidence").mkdir(parents=True)
        mine = OTHER.replace("Another", counting.title)
        page_before = page_of(["# Evidence"], [Section(mine), Section(OTHER)])
        (docs / "evidence.md").write_text(page_before, encoding="utf-8")
        for name in ("counting.png", "other.png"):
            (docs / "evidence" / name).write_bytes(b"old")
        for case in counting.cases("quick"):
            results.save(counting, case, counting.run(None, case), 30.0)
        kept = {"counting": [results.load(counting, case) for case in counting.cases("quick")]}
        monkeypatch.setattr(page, "experiment", lambda name: counting)
        named = {"counting": counting, "other": SimpleNamespace(title="Another")}
        monkeypatch.setattr(page, "EXPERIMENTS", named)
        page.write_page(kept, FACTS, tmp_path, ["counting"], docs)  # type: ignore[arg-type]
        text = (docs / "evidence.md").read_text(encoding="utf-8")
        first, second = sections_of(text)
        assert second.text == OTHER and first.title == counting.title
        assert "What it found" not in first.text and "Counted." in first.sentence
        assert "| [Another](#another) | it counts | three | 1.000 to 4.000 |" in text
        assert (docs / "evidence" / "other.png").read_bytes() == b"old"
        assert not (docs / "evidence" / "counting.png").exists()

    def test_a_section_without_what_the_index_needs_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"'Another' has no line Here:"):
            Section(OTHER.replace("Here:", "There:"))
