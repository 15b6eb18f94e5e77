"""What the evidence's summaries say of made-up rows: an effect, none, and the opposite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hrv_pack.benchmarks.evidence import (
    editing_summary,
    meanings_summary,
    segmentation_summary,
    weakening_summary,
)
from hrv_pack.benchmarks.evidence.labels import Labels, _overlap
from hrv_pack.benchmarks.evidence.masks import find_mask, finder_score
from hrv_pack.demo.world import object_mask, render, scenes

CONCEPTS = ("Color", "Weather Conditions")


def weakening_rows(early: str, prompts: int = 8) -> list[dict[str, Any]]:
    """Color is lost at once in the order `early`, at the end in the other; Weather by chance."""
    heads, rng, rows = 10, np.random.default_rng(0), []
    for number in range(prompts):
        chance = rng.random(100) < 0.5
        settings = [
            {"concept": "", "order": "MoRHF", "count": 0, "factor": -2.0},
            {"concept": "", "order": "MoRHF", "count": heads, "factor": -2.0},
        ]
        for concept in CONCEPTS:
            for order in ("MoRHF", "LeRHF"):
                settings.append({"concept": concept, "order": order, "count": 1, "factor": -2.0})
            settings.append({"concept": concept, "order": "MoRHF", "count": 1, "factor": 0.0})
        settings.append({"concept": "", "order": "random", "count": 1, "factor": -2.0})
        for i, setting in enumerate(settings):
            left = setting["count"] == 0 or (
                setting["concept"] == "Color" and setting["order"] != early
            )
            shown = {"Color": left, "Weather Conditions": bool(chance[i])}
            setting["shown"] = [shown, shown]
        rows.append({"prompt": str(number), "group": "", "heads": heads, "settings": settings})
    return rows


class TestWeakening:
    def test_an_effect_is_named_and_noise_is_not(self) -> None:
        summary = weakening_summary.summarise(weakening_rows("MoRHF"), CONCEPTS)
        assert summary["sentence"].startswith(
            "As in the paper, lost earlier in MoRHF than in LeRHF: Color;"
        )
        assert "no clear difference: Weather Conditions" in summary["sentence"]
        # One of ten heads: LeRHF keeps 1 until 0.1 and falls to 0, MoRHF falls at once.
        (row,) = (r for r in summary["tables"][0]["rows"] if r[0] == "Color")
        assert row[2].startswith("+0.50")

    def test_the_opposite_is_told(self) -> None:
        summary = weakening_summary.summarise(weakening_rows("LeRHF"), CONCEPTS)
        assert "gainst the paper, lost earlier in LeRHF: Color" in summary["sentence"]
        assert summary["interval"][0] < 0


def word_rows(plain: str, adjusted: str, drawn: str = "neither") -> list[dict[str, Any]]:
    """Eight prompts; outcomes as one letter per picture: first, second, neither."""
    names = {"f": "first", "s": "second", "n": "neither"}
    rows = []
    for number in range(8):
        found = [
            {"method": "plain", "desired": 0, "shown": [names[c] for c in plain]},
            {"method": "word off", "desired": 0, "shown": [drawn] * 4},
        ]
        for desired, method in ((d, m) for d in (0, 1) for m in meanings_summary.METHODS[1:]):
            shown = [names[c] for c in adjusted]
            if desired:
                shown = [{"first": "second", "second": "first"}.get(s, s) for s in shown]
            found.append({"method": method, "desired": desired, "shown": shown})
        for setting in found:
            setting.update(strength=1.0, clamp=0.0)
        context = {"colour": str(number)}
        rows.append({"part": "methods", "word": "mouse", "context": context, "found": found})
    return rows


class TestMeanings:
    def test_fewer_wrong_and_more_right(self) -> None:
        summary = meanings_summary.summarise(word_rows("ffss", "ffff"))
        assert summary["sentence"].startswith("As in the paper")
        assert "and the wanted one more often" in summary["sentence"]
        assert "show neither" not in summary["sentence"]
        assert summary["data"]["rates"]["plain"]["wrong"][0] == 0.5
        assert summary["data"]["rates"]["adjust"]["wrong"][0] == 0.0

    def test_pictures_lost_to_neither_are_named(self) -> None:
        summary = meanings_summary.summarise(word_rows("ffss", "ffnn"))
        assert not summary["sentence"].startswith("As in the paper")
        assert "comes more often is not seen; more pictures show neither" in summary["sentence"]

    def test_losing_both_meanings_is_no_success(self) -> None:
        summary = meanings_summary.summarise(word_rows("ffss", "fnnn"))
        assert summary["sentence"].startswith("Only half of the paper's effect")
        assert "the wanted one comes less often too; more pictures" in summary["sentence"]
        # One of four pictures shows a meaning, the wanted one.
        assert "adjust 0.0%" in summary["findings"][0]

    def test_no_effect_is_not_seen(self) -> None:
        summary = meanings_summary.summarise(word_rows("ffss", "ffss", "first"))
        assert "is not seen here" in summary["sentence"]
        assert "100.0% of the pictures still show" in summary["findings"][1]

    def test_the_opposite_is_told(self) -> None:
        summary = meanings_summary.summarise(word_rows("ffss", "ssss"))
        assert summary["sentence"].startswith("Against the paper")


def edit_rows(plain: float, hrv: float) -> list[dict[str, Any]]:
    """Shares of successful pictures of P2P and P2P-HRV, at two rates; one picture unusable."""
    rows = []
    for attribute in ("colour", "style"):
        for _ in range(6):
            found = []
            for name, rate in (
                ("prompt only", None),
                *((n, r) for n in ("P2P", "P2P-HRV") for r in (0.4, 0.9)),
            ):
                share = hrv if name == "P2P-HRV" else plain
                pictures: list[Any] = [
                    {"success": i < 10 * share, "kept": True, "error": 0.01} for i in range(10)
                ]
                found.append({"name": name, "rate": rate, "pictures": [*pictures, None]})
            rows.append({"attribute": attribute, "wanted": "", "prompt": "", "found": found})
    return rows


class TestEditing:
    ATTRIBUTES = ("colour", "pattern", "weather", "style")

    def test_an_effect(self) -> None:
        summary = editing_summary.summarise(edit_rows(0.5, 0.9), self.ATTRIBUTES)
        assert summary["sentence"].startswith("As in the paper")
        assert "+40.0 points" in summary["sentence"]
        assert "60 of 66" not in summary["ours"]
        assert any("120 of 132 source pictures" in text for text in summary["findings"])
        assert set(summary["data"]) == {"colour", "style", "all"}
        assert summary["data"]["colour"][0]["psnr"] == pytest.approx(20)

    def test_no_effect_is_not_seen(self) -> None:
        summary = editing_summary.summarise(edit_rows(0.5, 0.5), self.ATTRIBUTES)
        assert "is not seen here" in summary["sentence"]

    def test_the_opposite_is_told(self) -> None:
        summary = editing_summary.summarise(edit_rows(0.9, 0.5), self.ATTRIBUTES)
        assert summary["sentence"].startswith("Against the paper")


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
        ):
            ious = level + 0.001 * rng.normal(size=(4, 3))
            found.append(
                {"order": order, "percent": percent, "heads": 20, "iou": ious.round(4).tolist()}
            )
        row = {"group": "Animals", "left_out": 1, "thresholds": [0.3, 0.4, 0.5], "found": found}
        inside = {"area": [0.1] * 4, "hotter": [0.2, 0.2, 0.2, -0.1]}
        rows.append({"prompt": "", **row, **inside})
    return rows


class TestSegmentation:
    def test_an_effect(self) -> None:
        summary = segmentation_summary.summarise(segment_rows(0.8, 0.7, 0.5), ("Animals",), 0.99)
        assert "segment better than DAAM" in summary["sentence"]
        assert "mIoU 0.100" in summary["findings"][1] and "75.0%" in summary["findings"][1]
        assert "as in the paper, the least relevant are worse" in summary["sentence"]
        assert summary["interval"] == pytest.approx([0.8, 0.8], abs=0.01)

    def test_no_effect_is_not_seen(self) -> None:
        summary = segmentation_summary.summarise(segment_rows(0.7, 0.7, 0.7), ("Animals",), 0.99)
        assert "is not seen" in summary["sentence"]

    def test_the_opposite_is_told(self) -> None:
        summary = segmentation_summary.summarise(segment_rows(0.6, 0.7, 0.8), ("Animals",), 0.99)
        assert summary["sentence"].startswith("Against the paper")
        assert "against the paper, the least" in summary["sentence"]


class TestMasks:
    def test_exact_renders_give_their_masks(self) -> None:
        for scene in scenes(12, 5):
            if len(scene.objects) == 1:
                mask = find_mask(render(scene) / 255.0, scene)
                exact = object_mask(scene) > 0.5
                assert (mask & exact).sum() / (mask | exact).sum() > 0.9

    def test_blurred_renders_too(self) -> None:
        assert finder_score(20) > 0.95


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
