"""What breaks HRVs, of made-up votes and images."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hrv_pack.benchmarks.evidence.breaking.agreement import agreement_by_count, kinship
from hrv_pack.benchmarks.evidence.breaking.areas import areas
from hrv_pack.benchmarks.evidence.breaking.experiment import Breaking
from hrv_pack.benchmarks.evidence.breaking.sets import UNKNOWN, sets
from hrv_pack.benchmarks.evidence.breaking.weakening import MEASURES
from hrv_pack.demo.captions import meanings
from hrv_pack.demo.world import BARE


def test_more_prompts_agree_better_and_a_missing_concept_is_counted():
    rng = np.random.default_rng(6)
    votes = rng.poisson(rng.gamma(0.3, 1, (1, 6, 40)), (60, 6, 40))
    found = agreement_by_count(votes)
    assert found["counts"] == [1, 2, 5, 10, 20]
    assert found["mean"] == sorted(found["mean"])
    votes[:, 2] = 0
    assert agreement_by_count(votes)["lost"][-1] == 1


def _weaken_rows(variant: str, gap: float, prompts: int = 12):
    rng = np.random.default_rng(7)

    def shares(centre: float) -> list[list[float]]:
        return np.clip(rng.normal(centre, 0.05, (3, len(MEASURES))), 0, 1).tolist()

    found = [
        {"prompt": str(i), "MoRHF": shares(0.5), "LeRHF": shares(0.5 + gap)} for i in range(prompts)
    ]
    return [{"kind": "weaken", "variant": variant, "draw": 0, "concept": "", "prompts": found}]


def test_an_area_without_effect_has_zero_in_its_interval():
    none, large = (areas(_weaken_rows("x", gap))["x"]["colours"] for gap in (0.0, 0.4))
    assert none["interval"][0] < 0 < none["interval"][1]
    assert large["interval"][0] > 0.3


def test_kinship_finds_the_nearest_concept_and_the_share_of_votes():
    votes = np.array([[9, 1, 0, 0], [8, 2, 0, 0], [0, 0, 5, 5]])
    rows = [
        {"kind": "set", "set": "s", "concepts": ["a", "b", "c"], "votes": votes.tolist()}
        for _ in range(2)
    ]
    found = kinship(rows)["s"]
    assert found["a"]["nearest"][0] == "b"
    assert found["c"]["votes"] == pytest.approx(1 / 3)
    assert found["a"]["agreement"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("gap", "said"), [(0.0, "is not seen here"), (-0.4, "separates the weakening")]
)
def test_broken_hrvs_are_told_as_they_are(gap, said, tmp_path):
    rng = np.random.default_rng(8)
    votes = rng.poisson(rng.gamma(0.3, 1, (1, 9, 30)), (40, 9, 30))
    rows = [{"kind": "votes", "concepts": [str(i) for i in range(9)], "votes": votes.tolist()}]
    for name, listed in sets().items():
        total = rng.integers(1, 9, (len(listed), 30)).tolist()
        rows += [{"kind": "set", "set": name, "concepts": list(listed), "votes": total}] * 2
    rows += _weaken_rows("many prompts", 0.4)
    rows += _weaken_rows("one prompt", 0.4 + gap)
    rows += _weaken_rows("Mixed", 0.0) + _weaken_rows("Musical Instruments", 0.0)
    one = Breaking()
    summary = one.summarise(rows)
    assert said in summary.sentence
    assert "none of what is measured" in summary.findings[0]
    for name in one.figures(json.loads(json.dumps(summary.data)), tmp_path):
        assert (tmp_path / name).stat().st_size > 5000


def test_in_the_sets_of_concepts_no_word_stands_twice():
    for listed in sets().values():
        words = [word for words in listed.values() for word in words]
        assert len({*words}) == len(words)
        assert all(listed.values())
    ambiguous = {word for pair in (meanings(w) for w in BARE.values()) for word in pair}
    assert not {*UNKNOWN["Musical Instruments"]} & ambiguous


def test_an_empty_run_says_that_it_measured_nothing():
    assert "not measured" in Breaking().summarise([]).sentence
