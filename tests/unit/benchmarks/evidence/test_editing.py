"""Edits of made-up rows, and the labels of their figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hrv_pack.benchmarks.evidence.editing.edits import P2P, PROMPT_ONLY, WITH_HRV, Edits, methods
from hrv_pack.benchmarks.evidence.editing.figures import draw
from hrv_pack.benchmarks.evidence.editing.labels import Labels, _overlap
from hrv_pack.benchmarks.evidence.editing.outcomes import at_equal_background
from hrv_pack.benchmarks.evidence.editing.summary import judged, summarise

ATTRIBUTES = ("colour", "pattern", "weather", "style")
VOTED, MEASURED = WITH_HRV["voted"], WITH_HRV["measured"]


def edit_rows(plain: float, hrv: float, louder: float = 1.0) -> list[dict[str, Any]]:
    """Shares of successful images of P2P and voted P2P-HRV (measured as P2P), one image unusable.

    A rate succeeds the less the more it keeps; louder: times as much as P2P that P2P-HRV changes.
    """
    rows = []
    for attribute in ("colour", "style"):
        for _ in range(6):
            found = []
            every = (*methods((0.4, 0.9), "voted"), *methods((0.4, 0.9), "measured"))
            for method in dict.fromkeys(every):
                share = hrv if method.name == VOTED else plain
                error = 0.01 if method.rate in (None, 0.4) else 0.001
                error *= louder if method.name == VOTED else 1.0
                share -= 0.1 if method.rate == 0.9 else 0.0
                images: list[Any] = [
                    {"success": i < round(10 * share), "kept": True, "error": error}
                    for i in range(10)
                ]
                found.append({"name": method.name, "rate": method.rate, "images": [*images, None]})
            row = {"seed": len(rows), "attribute": attribute, "wanted": "", "prompt": ""}
            rows.append({**row, "found": found})
    return rows


def told(rows: list[dict[str, Any]]) -> Any:
    return summarise(rows, ATTRIBUTES)  # type: ignore[arg-type]


class TestEditing:
    def test_an_effect(self, tmp_path) -> None:
        summary = told(edit_rows(0.5, 0.9))
        voted, measured = summary.sentence.split(f" {MEASURED}")
        assert voted.startswith(f"{VOTED}: as in the paper")
        assert "published rates +30.0 points" in voted
        assert "equal background +40.0 points" in voted
        assert measured.startswith(": against the paper")  # 0.9 keeps more and succeeds less
        assert any("120 of 132 source images" in text for text in summary.findings)
        assert set(summary.data) == {"colour", "style", "all"}
        assert summary.data["colour"][0]["psnr"] == pytest.approx(20)
        assert draw(summary.data, tmp_path) == ["editing.png"]

    def test_both_vectors_of_a_scene_are_joined_and_an_incomplete_one_is_left_out(self) -> None:
        rows = edit_rows(0.5, 0.9)
        mine = [[o for o in row["found"] if o["name"] != MEASURED] for row in rows]
        other = [[o for o in row["found"] if o["name"] in (MEASURED, PROMPT_ONLY)] for row in rows]
        voted, measured = (
            [{**row, "found": found} for row, found in zip(rows, part, strict=True)]
            for part in (mine, other)
        )
        assert told([*voted, *measured]).sentence == told(rows).sentence
        assert MEASURED not in told([*voted, *measured[:3]]).sentence

    def test_no_effect_is_not_seen(self) -> None:
        rows = edit_rows(0.5, 0.6)
        assert "published rates +0.0 points" in told(rows).sentence
        assert f"{VOTED}: not seen" in told(rows).sentence

    def test_the_opposite_is_told(self) -> None:
        assert told(edit_rows(0.9, 0.5)).sentence.startswith(f"{VOTED}: against the paper")

    def test_more_success_bought_with_background_is_no_gain_at_equal_background(self) -> None:
        rows = edit_rows(0.5, 0.5, louder=10.0)
        gain, (low, high) = at_equal_background(rows, VOTED, P2P, ("colour",))  # type: ignore
        # one level in common: where P2P at 0.4 and P2P-HRV at 0.9 change equally much
        assert gain == pytest.approx(-0.1)
        assert low <= gain <= high

    def test_too_few_scenes_tell_nothing_at_equal_background(self) -> None:
        rows = edit_rows(0.5, 0.9)
        assert at_equal_background(rows[:3], VOTED, P2P, ("colour",)) is not None  # type: ignore
        assert at_equal_background(rows[:2], VOTED, P2P, ("colour",)) is None  # type: ignore

    def test_the_front_has_the_points_that_nothing_beats(self) -> None:
        found = told(edit_rows(0.5, 0.9)).data["colour"]
        front = {(p["method"], p["rate"]) for p in found if p["front"]}
        assert front == {(VOTED, 0.4), (VOTED, 0.9)}

    @pytest.mark.parametrize(
        ("published", "matched", "said"),
        [
            ((0.1, 0.2), (0.1, 0.2), "as in the paper"),
            ((0.1, 0.2), (-0.1, 0.2), "weaker than in the paper"),
            ((0.1, 0.2), None, "weaker than in the paper"),
            ((-0.1, 0.2), (-0.1, 0.2), "not seen"),
            ((0.1, 0.2), (-0.2, -0.1), "against the paper"),
        ],
    )
    def test_the_rule_of_the_verdict(self, published, matched, said) -> None:
        assert judged(published, matched) == said

    def test_the_first_cases_have_every_kind_of_edit(self) -> None:
        cases = [case for case in Edits().cases("full") if case["vector"] == "voted"]
        assert {case["attribute"] for case in cases[:4]} == set(ATTRIBUTES)
        kinds = {case["scene"]["objects"][0]["kind"] for case in cases}
        assert len(kinds) * 4 == len(cases)
        assert next(methods((0.4,), "voted")).name == PROMPT_ONLY


class TestLabels:
    def test_overlap_neither_each_other_nor_points(self) -> None:
        figure = Figure(figsize=(3, 3))
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        rng = np.random.default_rng(3)
        points = [(float(x), float(y)) for x, y in rng.uniform(0.3, 0.7, (9, 2))]
        axes.set(xlim=(0, 1), ylim=(0, 1))
        labels = Labels(axes, [points])
        around = list(labels.taken)
        written = [labels.write("0.4", point, "black") for point in points]
        boxes = labels.taken[len(around) :]
        assert len(boxes) == sum(written) >= 7
        others = [*around, *boxes]
        assert all(sum(_overlap(box, other) for other in others) == 1 for box in boxes)
