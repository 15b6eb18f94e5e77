"""Edits of made-up rows, and the labels of their figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hrv_pack.benchmarks.evidence.editing.labels import Labels, _overlap
from hrv_pack.benchmarks.evidence.editing.summary import summarise


def edit_rows(plain: float, hrv: float) -> list[dict[str, Any]]:
    """Shares of successful images of P2P and P2P-HRV, at two rates; one image unusable."""
    rows = []
    for attribute in ("colour", "style"):
        for _ in range(6):
            found = []
            for name, rate in (
                ("prompt only", None),
                *((n, r) for n in ("P2P", "P2P-HRV") for r in (0.4, 0.9)),
            ):
                share = hrv if name == "P2P-HRV" else plain
                images: list[Any] = [
                    {"success": i < 10 * share, "kept": True, "error": 0.01} for i in range(10)
                ]
                found.append({"name": name, "rate": rate, "pictures": [*images, None]})
            rows.append({"attribute": attribute, "wanted": "", "prompt": "", "found": found})
    return rows


class TestEditing:
    ATTRIBUTES = ("colour", "pattern", "weather", "style")

    def test_an_effect(self) -> None:
        summary = summarise(edit_rows(0.5, 0.9), self.ATTRIBUTES)
        assert summary.sentence.startswith("As in the paper")
        assert "+40.0 points" in summary.sentence
        assert "60 of 66" not in summary.ours
        assert any("120 of 132 source images" in text for text in summary.findings)
        assert set(summary.data) == {"colour", "style", "all"}
        assert summary.data["colour"][0]["psnr"] == pytest.approx(20)

    def test_no_effect_is_not_seen(self) -> None:
        summary = summarise(edit_rows(0.5, 0.5), self.ATTRIBUTES)
        assert "is not seen here" in summary.sentence

    def test_the_opposite_is_told(self) -> None:
        summary = summarise(edit_rows(0.9, 0.5), self.ATTRIBUTES)
        assert summary.sentence.startswith("Against the paper")


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
