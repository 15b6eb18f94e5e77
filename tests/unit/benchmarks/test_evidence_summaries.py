"""What the evidence's summaries say of made-up rows: an effect, none, and the opposite."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hrv_pack.benchmarks.evidence.editing import summary as editing_summary
from hrv_pack.benchmarks.evidence.editing.labels import Labels, _overlap
from hrv_pack.benchmarks.evidence.masks import find_mask, finder_score
from hrv_pack.benchmarks.evidence.meanings import summary as meanings_summary
from hrv_pack.benchmarks.evidence.meanings.head_effects import log_odds
from hrv_pack.benchmarks.evidence.meanings.head_effects_summary import agreement, decisive
from hrv_pack.benchmarks.evidence.segmentation import summary as segmentation_summary
from hrv_pack.benchmarks.evidence.weakening import summary as weakening_summary
from hrv_pack.demo.judge import Seen, Verdict
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


def alone_row(relevance: list[float]) -> dict[str, Any]:
    """Of 40 heads the third to fifth carry Color; Weather loses nothing."""
    lost = {"Color": [0.0, 0.0, 0.9, 0.8, 0.7, 0.1] + [0.0] * 34, "Weather Conditions": [0.0] * 40}
    known = {"Color": relevance, "Weather Conditions": [1.0] * 40}
    return {"part": "single heads", "prompt": "", "lost": lost, "relevance": known}


class TestSingleHeads:
    @pytest.mark.parametrize(
        ("first", "said", "cells"),
        [
            (range(2, 6), "do for Color 100%; not", ["100%", "0.000", "90 points, head 1 "]),
            (range(9, 13), "do for none; not", ["0%", "1.000", "90 points, head 5 "]),
            # One of the three is in every fourth random tenth.
            ((4, 20, 21, 22), "do for none; not", ["28%", "0.2", "90 points, head 5 "]),
        ],
    )
    def test_the_most_relevant_tenth_against_random_heads(
        self, first: Any, said: str, cells: list[str]
    ) -> None:
        vector = [float(head in first) for head in range(40)]
        rows = [*weakening_rows("MoRHF"), *(alone_row(vector) for _ in range(6))]
        summary = weakening_summary.summarise(rows, CONCEPTS)
        assert said in summary["findings"][-1]
        assert "random heads for " in summary["findings"][-1]
        assert "Weather Conditions 0%" in summary["findings"][-1]
        _, _, taken, random, _, most = summary["tables"][-1]["rows"][0]
        told = zip((taken, random, most), cells, strict=True)
        assert all(cell.startswith(start) for cell, start in told)


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


def effect_row(votes: float, shown: str) -> dict[str, Any]:
    """Three heads of thirty decide, the votes know them so well (-1 to 1); steered by them each
    way, pictures show `shown` when first is wanted, and the opposite when second is."""
    other = {"first": "second", "second": "first"}
    found = [
        {
            "word": "mouse",
            "context": {"colour": str(number)},
            "method": "heads by the judge",
            "desired": desired,
            "strength": 1.0,
            "clamp": 0.0,
            "shown": [other.get(shown, shown) if desired else shown] * 4,
        }
        for number in range(8)
        for desired in (0, 1)
    ]
    rng = np.random.default_rng(1)
    effects = np.array([-2.0, 1.5, 1.2] + [0.01] * 27)
    known = votes * effects + (1 - abs(votes)) * rng.normal(size=30)
    heads = {"heads": [f"h{i}" for i in range(30)], "effects": effects.tolist()}
    return {
        "part": "effects",
        "word": "mouse",
        "found": found,
        "votes": known.tolist(),
        **heads,
        "clear": (0.1 * effects).tolist(),
    }


class TestHeadEffects:
    @pytest.mark.parametrize(
        ("votes", "said"),
        [
            (0.9, "HRVs knows these heads in 1 of 1 words (mouse +"),
            (-0.9, "HRVs knows these heads in 0 of 1 words, and has them the wrong way round in 1"),
            (0.0, "HRVs knows these heads in 0 of 1 words (mouse "),
        ],
    )
    def test_what_the_votes_know_of_the_deciding_heads(self, votes: float, said: str) -> None:
        rows = [*word_rows("ffss", "ffss"), effect_row(votes, "first")]
        summary = meanings_summary.summarise(rows)
        few, steered = summary["findings"][-2:]
        assert "done by so many: mouse 2. The" in few
        assert said in few.replace("concepts' HRVs", "HRVs")
        assert "the other's knows these heads in 1 of 1 words (mouse +1.00)" in few
        assert "heads by the judge, 1: 0.0% wrong (-50.0 points" in steered
        (row,) = summary["tables"][-1]["rows"]
        assert row[:3] == ["mouse", "2", "h0 (-2.00), h1 (+1.50)"] and row[4] == "+1.00 (0.000)"

    def test_heads_without_any_effect_agree_with_nothing(self) -> None:
        row = {"effects": [0.0, 0.0], "votes": [1.0, 2.0]}
        assert agreement(row, "votes") == (0.0, 1.0)
        assert decisive(row) == [0]

    def test_log_odds_are_even_without_either_meaning_and_bounded(self) -> None:
        def seen(mouse: float, computer: float) -> Verdict:
            shares = {"mouse": mouse, "computer mouse": computer}
            thing = Seen("", "", "", "", {"object": shares})
            return Verdict(thing, thing, "", "", {})

        kinds = ("mouse", "computer mouse")
        assert log_odds(seen(0, 0), kinds) == 0
        assert log_odds(seen(0, 1), kinds) == pytest.approx(np.log(101))
        assert log_odds(seen(0.3, 0.6), kinds) == -log_odds(seen(0.6, 0.3), kinds)


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


def summarise_segments(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return segmentation_summary.summarise(rows, ("Animals",), 0.99, (0.4,))


class TestSegmentation:
    def test_an_effect(self) -> None:
        summary = summarise_segments(segment_rows(0.8, 0.7, 0.5))
        assert "segment better than DAAM" in summary["sentence"]
        assert "mIoU 0.100" in summary["findings"][1] and "75.0%" in summary["findings"][1]
        assert "as in the paper, the least relevant are worse" in summary["sentence"]
        assert summary["interval"] == pytest.approx([0.8, 0.8], abs=0.01)
        without, why = summary["findings"][-2:]
        assert "most relevant heads tell" in without and "not seen" not in without
        assert re.search(r"probability 0\.[78]\d\d against 0\.[45]\d\d", without)
        assert "a perfect map of 8 x 8 0.9" in why and "10% of the picture" in why

    def test_no_effect_is_not_seen(self) -> None:
        summary = summarise_segments(segment_rows(0.7, 0.7, 0.7))
        assert "is not seen" in summary["sentence"]

    def test_the_opposite_is_told(self) -> None:
        summary = summarise_segments(segment_rows(0.6, 0.7, 0.8))
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
