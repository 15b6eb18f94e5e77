"""Segmentation: an effect, none, and the opposite, of made-up rows."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from hrv_pack.benchmarks.evidence.experiment import Summary
from hrv_pack.benchmarks.evidence.segmentation.summary import Data, summarise


def segment_rows(most: float, daam: float, least: float) -> list[dict[str, Any]]:
    rng, rows = np.random.default_rng(0), []
    for _ in range(8):
        found = []
        for order, percent, level in (
            ("DAAM", 100, daam),
            ("all", 100, daam),
            ("MoRHF", 23, most),
            ("LeRHF", 23, least),
            ("random", 23, daam),
            ("maps of 8 x 8", 100, daam),
            ("a perfect map of 8 x 8", 100, 0.9),
        ):
            ious = level + 0.001 * rng.normal(size=(4, 3))
            one = {"order": order, "percent": percent, "heads": 20, "iou": ious.round(4).tolist()}
            found.append({**one, "roc": ious[:, 0].round(4).tolist()})
        row = {"group": "Animals", "left_out": 1, "thresholds": [0.3, 0.4, 0.5], "found": found}
        inside = {"area": [0.1] * 4, "hotter": [0.2, 0.2, 0.2, -0.1]}
        rows.append({"prompt": "", **row, **inside})
    return rows


def summarise_segments(rows: list[dict[str, Any]]) -> Summary[Data]:
    return summarise(rows, ("Animals",), 0.99, (0.4,))


class TestSegmentation:
    def test_an_effect(self) -> None:
        summary = summarise_segments(segment_rows(0.8, 0.7, 0.5))
        assert "segment better than DAAM" in summary.sentence
        assert "mIoU 0.100" in summary.findings[1] and "75.0%" in summary.findings[1]
        assert "as in the paper, the least relevant are worse" in summary.sentence
        assert summary.interval == pytest.approx([0.8, 0.8], abs=0.01)
        without, why = summary.findings[-2:]
        assert "most relevant heads tell" in without and "not seen" not in without
        assert re.search(r"probability 0\.[78]\d\d against 0\.[45]\d\d", without)
        assert "a perfect map of 8 x 8 0.9" in why and "10% of the image" in why

    def test_no_effect_is_not_seen(self) -> None:
        summary = summarise_segments(segment_rows(0.7, 0.7, 0.7))
        assert "is not seen" in summary.sentence

    def test_the_opposite_is_told(self) -> None:
        summary = summarise_segments(segment_rows(0.6, 0.7, 0.8))
        assert summary.sentence.startswith("Against the paper")
        assert "against the paper, the least" in summary.sentence
