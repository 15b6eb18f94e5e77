"""Segmentation: which heads are compared, and an effect, none, and the opposite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hrv_pack.benchmarks.evidence.experiment import Summary
from hrv_pack.benchmarks.evidence.segmentation.choices import Choices
from hrv_pack.benchmarks.evidence.segmentation.curves import Data
from hrv_pack.benchmarks.evidence.segmentation.figures import draw
from hrv_pack.benchmarks.evidence.segmentation.head_choices import (
    ALL,
    CHOSEN,
    by_no_vector,
    by_relevance,
)
from hrv_pack.benchmarks.evidence.segmentation.summary import summarise
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.maps import LayerMaps

SIZE = "8 x 8"


def segment_rows(most: float, daam: float, least: float) -> list[dict[str, Any]]:
    """Voted vectors as given, measured ones without any effect."""
    rng, rows = np.random.default_rng(0), []
    levels = {"MoRHF": most, "LeRHF": least}
    picks = [(ALL, "", "DAAM", 100, 0, daam), (SIZE, "", "perfect", 100, 0, 0.9)]
    for scope in (ALL, SIZE):
        picks.append((scope, "", "all", 100, 0, daam))
        picks += [(scope, "", "random", CHOSEN, draw, daam) for draw in range(4)]
        picks += [(scope, "voted", order, CHOSEN, 0, level) for order, level in levels.items()]
        picks += [(scope, "measured", order, CHOSEN, 0, daam) for order in levels]
    for number in range(8):
        found = []
        for scope, vector, order, percent, drawn, level in picks:
            ious = level + 0.001 * rng.normal(size=(4, 3))
            one = {"scope": scope, "vector": vector, "order": order, "percent": percent}
            scored = {"iou": ious.round(4).tolist(), "roc": ious[:, 0].round(4).tolist()}
            found.append({**one, "draw": drawn, "heads": 20, **scored})
        row = {"seed": number, "kind": f"kind {number % 4}", "group": "Animals", "bare": number < 4}
        row |= {"prompt": "", "size": "large", "left_out": 1, "thresholds": [0.3, 0.4, 0.5]}
        rows.append({**row, "found": found, "area": [0.1] * 4, "hotter": [0.2, 0.2, 0.2, -0.1]})
    return rows


def summarise_segments(rows: list[dict[str, Any]]) -> Summary[Data]:
    return summarise(rows, ("Animals",), 0.99, (0.4,))  # type: ignore[arg-type]


def test_an_effect_is_told_by_vector_and_within_a_map_size(tmp_path):
    summary = summarise_segments(segment_rows(0.8, 0.7, 0.5))
    voted, measured = summary.sentence.split(" By measured")
    assert voted.startswith("By voted vectors as in the paper")
    assert measured.startswith(" vectors not seen")
    assert summary.interval == pytest.approx([0.8, 0.8], abs=0.01)
    assert any("mIoU 0.100" in text and "75.0%" in text for text in summary.findings)
    (within,) = (text for text in summary.findings if f"maps of {SIZE} alone" in text)
    assert "most relevant by voted vectors better" in within
    assert "above 4 of 4 random choices" in within
    assert "least relevant by voted vectors worse" in within
    assert "most relevant by measured vectors no clear difference" in within
    assert draw(summary.data, tmp_path) == ["segmentation.png", "segmentation-sizes.png"]


def test_measured_vectors_are_joined_to_the_same_prompts_and_left_out_until_all_are_there(tmp_path):
    rows = segment_rows(0.8, 0.7, 0.5)
    voted, measured = [], []
    for row in rows:
        mine = [one for one in row["found"] if one["vector"] == "measured"]
        voted.append({**row, "found": [one for one in row["found"] if one not in mine]})
        measured.append({**row, "found": mine})
    assert summarise_segments([*voted, *measured]) == summarise_segments(rows)
    alone = summarise_segments([*voted, *measured[:-1]])
    assert "measured" not in alone.sentence
    assert len(draw(alone.data, tmp_path)) == 2


def test_the_opposite_is_told():
    sentence = summarise_segments(segment_rows(0.6, 0.7, 0.8)).sentence
    assert sentence.startswith("By voted vectors against the paper")


def test_less_than_the_papers_whole_claim_is_weaker():
    sentence = summarise_segments(segment_rows(0.8, 0.7, 0.7)).sentence
    assert sentence.startswith("By voted vectors weaker than in the paper")


def test_without_a_usable_image_it_says_so():
    rows = segment_rows(0.8, 0.7, 0.5)
    for row in rows:
        row.update(found=[], area=[], hotter=[])
    with pytest.raises(ValueError, match="in no image"):
        summarise_segments(rows)


def test_heads_of_a_map_size_are_chosen_among_themselves():
    table = HeadTable((("down", 0, 4), ("mid", 0, 4), ("up", 0, 4)))
    sides = (("down", 8), ("mid", 4), ("up", 8))
    word = [LayerMaps(stage, 0, torch.zeros(1, 4, 1, n, n)) for stage, n in sides]
    vector = torch.arange(12.0) - 6
    for one in by_relevance("measured", vector, word, table):
        fine = one.chosen[:4].sum() + one.chosen[8:].sum()
        assert one.scope == ALL or (int(fine) == 0) == (one.scope == "4 x 4")
        if one.scope == ALL:
            assert one.chosen[11 if one.order == "MoRHF" else 0]
    others = by_no_vector(word, table)
    draws = [one for one in others if (one.scope, one.order) == ("8 x 8", "random")]
    assert len(draws) == 20
    assert len({tuple(one.chosen.tolist()) for one in draws}) > 5


def test_large_and_small_objects_and_bare_prompts_take_turns():
    cases = Choices().cases("full")
    asked = [(case["bare"], case["scene"]["objects"][0]["size"]) for case in cases]
    assert {asked.count(one) > 0 for one in asked} == {True}
    assert len(set(asked)) == 4
    bare = [case for case in cases if case["bare"]]
    assert max(len(case["prompt"].split()) for case in bare) <= 5
