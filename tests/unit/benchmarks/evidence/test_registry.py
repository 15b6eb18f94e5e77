"""What every experiment of the evidence promises of its cases."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from hrv_pack.benchmarks.evidence.experiment import SEEDS
from hrv_pack.benchmarks.evidence.lab import vectors_at_hand
from hrv_pack.benchmarks.evidence.registry import EXPERIMENTS, experiment


class TestCases:
    @pytest.mark.parametrize("name", EXPERIMENTS)
    def test_fixed_and_plain_data(self, name: str) -> None:
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

    def test_every_experiment_has_seeds_of_its_own(self) -> None:
        assert list(EXPERIMENTS) == list(SEEDS)
        firsts = sorted(SEEDS.values())
        assert all(b - a >= 100_000 for a, b in pairwise(firsts))


@pytest.mark.parametrize("name", ["editing", "multi_object", "segmentation"])
def test_measured_vectors_get_the_very_cases_of_the_voted_ones(name):
    by_vector: dict[str, list[dict]] = {}
    for case in experiment(name).cases("full"):
        own = {key: value for key, value in case.items() if key not in ("vector", "digest")}
        by_vector.setdefault(case["vector"], []).append(own)
    assert set(by_vector) == {one.kind for one in vectors_at_hand()}
    assert all(cases == by_vector["voted"] for cases in by_vector.values())


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("size", ["quick", "full"])
def test_cases_are_fixed_plain_data_with_seeds_of_their_own(name, size):
    one = experiment(name)
    cases = one.cases(size)
    assert json.loads(json.dumps(cases)) == json.loads(json.dumps(one.cases(size)))
    assert len({json.dumps(case, sort_keys=True) for case in cases}) == len(cases)
    for case in cases:
        for seed in case.get("seeds", [case.get("seed", SEEDS[one.name])]):
            assert SEEDS[one.name] <= seed < SEEDS[one.name] + 100_000
        assert one.cost(case) > 0
