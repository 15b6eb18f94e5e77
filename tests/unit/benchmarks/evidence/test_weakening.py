"""Ordered weakening and single heads: an effect, none, and the opposite, of made-up rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrv_pack.benchmarks.evidence.weakening.single_heads import sureness
from hrv_pack.benchmarks.evidence.weakening.summary import summarise
from hrv_pack.demo.judge import NOTHING, Seen, Verdict
from hrv_pack.demo.world import OBJECTS, Object, Scene

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
        summary = summarise(weakening_rows("MoRHF"), [], CONCEPTS)
        assert summary.sentence.startswith(
            "As in the paper, lost earlier in MoRHF than in LeRHF: Color;"
        )
        assert "no clear difference: Weather Conditions" in summary.sentence
        # One of ten heads: LeRHF keeps 1 until 0.1 and falls to 0, MoRHF falls at once.
        (row,) = (r for r in summary.tables[0]["rows"] if r[0] == "Color")
        assert row[2].startswith("+0.50")

    def test_the_opposite_is_told(self) -> None:
        summary = summarise(weakening_rows("LeRHF"), [], CONCEPTS)
        assert "gainst the paper, lost earlier in LeRHF: Color" in summary.sentence
        assert summary.interval[0] < 0


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
        alone = [alone_row(vector) for _ in range(6)]
        summary = summarise(weakening_rows("MoRHF"), alone, CONCEPTS)
        assert said in summary.findings[-1]
        assert "random heads for " in summary.findings[-1]
        assert "Weather Conditions 0%" in summary.findings[-1]
        _, _, taken, random, _, most = summary.tables[-1]["rows"][0]
        told = zip((taken, random, most), cells, strict=True)
        assert all(cell.startswith(start) for cell, start in told)


def test_an_objects_attributes_go_with_the_object() -> None:
    def thing(nothing: float) -> Seen:
        shares = dict.fromkeys(OBJECTS, 0.0)
        shares |= {"cat": 0.9 - nothing, "fish": 0.1, NOTHING: nothing}
        rest = {"colour": {"red": 0.8}, "pattern": {"plain": 1.0}, "size": {"large": 0.5}}
        return Seen("cat", "red", "plain", "large", {"object": shares, **rest})

    scene = Scene((Object("cat", "red", "plain", "large"),), "rain", "ink")
    whole = {"weather": {"rain": 0.7}, "style": {"ink": 0.6}}
    names = {"Color": "colour", "Size": "size", "Weather Conditions": "weather"}
    sure, unsure = (
        sureness(scene, Verdict(thing(n), thing(1.0), "", "", whole), names) for n in (0.0, 0.4)
    )
    assert sure == pytest.approx(
        {"Animals": 1.0, "Color": 0.8, "Size": 0.5, "Weather Conditions": 0.7}
    )
    assert unsure == pytest.approx(
        {"Animals": 0.6, "Color": 0.48, "Size": 0.3, "Weather Conditions": 0.7}
    )
