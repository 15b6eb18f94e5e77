"""Intervals, areas and verdicts against what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from hrv_pack.benchmarks.framework.statistics import (
    area,
    finding,
    interval_of,
    mean_interval,
    roc_area,
    share_interval,
    verdict,
    wilson,
)


class TestIntervals:
    def test_wilson_is_the_published_formula(self) -> None:
        # Brown, Cai and DasGupta (2001): 10 of 100 gives 0.0552 to 0.1744.
        assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
        assert wilson(0, 0) == (0.0, 1.0)
        assert wilson(0, 10)[0] == 0.0
        assert wilson(10, 10)[1] == pytest.approx(1.0)

    def test_images_of_one_prompt_count_as_one(self) -> None:
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
        assert share_interval([0.4, 0.4], ["same", "same"]) == (0.0, 1.0)
        assert mean_interval([0.4, 0.4], ["same", "same"]) == (-1.0, 1.0)
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


@pytest.mark.parametrize(
    ("effect", "as_large", "said"),
    [
        ((0.1, 0.3), True, "as in the paper"),
        ((0.1, 0.3), False, "weaker than in the paper"),
        ((-0.1, 0.3), True, "not seen"),
        ((-0.3, -0.1), True, "against the paper"),
    ],
)
def test_what_a_result_may_be_called(
    effect: tuple[float, float], as_large: bool, said: str
) -> None:
    assert finding(effect, as_large) == said
