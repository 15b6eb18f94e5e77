"""Two objects: what counts as right, and what is said of made-up rows."""

from __future__ import annotations

import numpy as np
import pytest

from hrv_pack.benchmarks.evidence.multi_object.attention_summary import finding
from hrv_pack.benchmarks.evidence.multi_object.objects import METHODS, Objects, outcome, prompt_of
from hrv_pack.benchmarks.evidence.multi_object.snapshots import pack, row_of, unpack
from hrv_pack.benchmarks.evidence.multi_object.summary import summarise
from hrv_pack.demo.world import BARE


def test_the_full_benchmark_of_two_objects_has_the_promised_size():
    cases = Objects().cases("full")
    assert len(cases) >= 60
    assert all(len(case["seeds"]) >= 10 for case in cases)
    assert len({prompt_of(case) for case in cases}) == len(cases)
    for case in cases:
        assert len({*case["kinds"]}) == len({*case["colours"]}) == 2
        assert not {*case["kinds"]} & BARE.keys()


def test_a_colour_counts_only_on_its_own_object():
    class Seen:
        def __init__(self, **found):
            self.found = found

        def find(self, kind):
            return self.found.get(kind)

    def thing(colour):
        return type("Thing", (), {"colour": colour})

    wanted = [("cat", "red"), ("fish", "blue")]
    swapped = Seen(cat=thing("blue"), fish=thing("red"))
    assert outcome(wanted, swapped) == [True, True, False, False]
    assert outcome(wanted, Seen(cat=thing("red"))) == [True, False, True, False]


def _rows(plain: float, excite: float, hrv: float, prompts: int = 40, images: int = 10):
    rng = np.random.default_rng(0)
    shares = {"plain": plain, "A&E": excite, "A&E-HRV": hrv}
    return [
        {
            "prompt": f"prompt {n}",
            "methods": {
                method: {
                    "pictures": [[True, True, True, bool(rng.random() < share)]] * 1
                    + [[bool(x)] * 4 for x in rng.random(images - 1) < share],
                    "seconds": 1.0,
                    "kept": [],
                }
                for method, share in shares.items()
            },
            "attended": {"8 x 8": [[0.5] * images] * 2},
        }
        for n in range(prompts)
    ]


@pytest.mark.parametrize(
    ("hrv", "said"), [(0.8, "As in the paper"), (0.5, "not seen"), (0.2, "Unlike in the paper")]
)
def test_two_objects_are_told_as_they_are(hrv, said):
    summary = summarise(_rows(0.5, 0.5, hrv), METHODS)
    assert said in summary.sentence
    low, high = summary.interval
    table = summary.tables[0]["rows"]
    assert [row[0] for row in table] == list(METHODS)
    assert low < summary.data["shares"]["A&E-HRV"]["both objects and both colours"]["share"]
    assert high > low
    assert "no clear change" in summary.findings[0]


def test_other_settings_are_told_from_their_own_prompts():
    rows = _rows(0.5, 0.5, 0.5, prompts=20)
    assert len(summarise(rows, METHODS).tables) == 2
    better = _rows(0.5, 0.5, 0.9, prompts=8)
    for row, other in zip(rows, better, strict=False):
        row["methods"]["A&E-HRV, strength 3"] = other["methods"]["A&E-HRV"]
    summary = summarise(rows, METHODS)
    assert len(summary.tables) == 3
    (settings,) = (text for text in summary.findings if "by setting" in text)
    assert "8 prompts: A&E no clear change (" in settings
    assert "A&E-HRV, strength 3 helps (+" in settings


def test_whether_attention_tells_presence_is_told_by_resolution():
    rows = _rows(0.5, 0.5, 0.5)
    for row in rows:
        there = [[image[i] for image in row["methods"]["plain"]["pictures"]] for i in (0, 1)]
        known = [[0.2 + 0.5 * value for value in one] for one in there]
        row["attended"] = {"8 x 8": known, "4 x 4": [[0.5] * 10] * 2}
    (text,) = finding(rows)
    assert "8 x 8 maps 1.00 [1.00, 1.00] (it tells)" in text
    assert "4 x 4 maps 0.50 [0.50, 0.50] (not clearly)" in text
    for row in rows:
        row["methods"]["plain"]["pictures"] = [[True] * 4] * 10
    assert finding(rows) == []
    assert finding(_rows(0.5, 0.5, 0.5, prompts=2)) == []


def test_snapshots_come_back_bit_for_bit():
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    packed = pack(pixels / 255)
    assert (unpack(packed) == pixels).all()
    assert row_of([packed, packed]).shape == (64, 64 + 3 + 64, 3)
