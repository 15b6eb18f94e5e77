"""The editing benchmark without its models: edits, intervals, masks and the figure."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hrv_pack.benchmarks.editing_cases import CHOICES, FULL, QUICK, cases
from hrv_pack.benchmarks.editing_figure import trade_off
from hrv_pack.benchmarks.editing_summary import point, psnr, summarise, wilson
from hrv_pack.benchmarks.found_masks import drawing_score

METHODS = [
    {"method": "prompt only", "rate": None},
    {"method": "P2P", "rate": 0.4},
    {"method": "P2P-HRV", "rate": 0.4},
]


@pytest.mark.parametrize("size", [QUICK, FULL])
def test_edits_are_fixed_and_change_one_word(size):
    found = cases(size)
    assert found == cases(size)
    assert len(found) == len(CHOICES) * len(size.objects) * size.edits == len(set(found))
    assert len({case.seed for case in found}) == len(found)
    for case in found:
        before, after = case.source.split(), case.target.split()
        differing = [y for x, y in zip(before, after, strict=True) if x != y]
        articles = {"a", "an"}
        assert [word for word in differing if word not in articles] == [case.wanted]


def rows_of(successes, method=METHODS[0], attribute="colour", case=0):
    return [
        {**method, "attribute": attribute, "case": case, "success": bool(s), "error": 1e-3}
        for s in successes
    ]


def test_an_interval_holds_its_share_and_does_not_vanish():
    low, high = wilson(np.ones(20))
    assert low == pytest.approx(20 / (20 + 1.96**2)) and high == 1.0
    assert wilson(np.array([1, 0] * 50))[0] == pytest.approx(0.4038, abs=1e-4)


def test_pictures_of_one_edit_that_fail_together_say_less():
    apart = [row for n in range(8) for row in rows_of([1, 0] * 5, case=n)]
    together = [row for n in range(8) for row in rows_of([n % 2] * 10, case=n)]
    one, other = (point(METHODS[0], rows) for rows in (apart, together))
    assert one["success"] == other["success"] == 0.5
    widths = [high - low for low, high in (one["success_interval"], other["success_interval"])]
    assert widths[1] > 1.5 * widths[0]


def test_psnr_is_of_the_mean_squared_error():
    assert psnr(np.array([0.015, 0.005])) == pytest.approx(20.0)


def test_a_run_is_summed_up_by_attribute_and_drawn(tmp_path):
    rows = [
        row
        for number, attribute in enumerate(("colour", "pattern"))
        for method in METHODS
        for row in rows_of([1] * (4 + number) + [0], method, attribute, number)
    ]
    table = summarise(rows, METHODS)
    assert list(table) == ["colour", "pattern", "all"]
    assert [p["pictures"] for p in table["all"]] == [11] * 3
    assert table["pattern"][1]["success"] == pytest.approx(5 / 6)
    trade_off(table, tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as picture:
        assert len(picture.convert("L").getcolors()) > 10


def test_an_object_drawn_again_has_the_exact_mask():
    assert drawing_score(count=4) > 0.97
