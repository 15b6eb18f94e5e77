"""Two objects: what counts as right, and what is said of made-up rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hrv_pack.benchmarks.evidence.multi_object.attention_summary import finding
from hrv_pack.benchmarks.evidence.multi_object.figures import draw
from hrv_pack.benchmarks.evidence.multi_object.objects import (
    REACH,
    Method,
    Objects,
    matching,
    methods,
    restricted,
)
from hrv_pack.benchmarks.evidence.multi_object.outcomes import BOTH, RIGHT, Outcomes
from hrv_pack.benchmarks.evidence.multi_object.prompts import outcome, prompt_of
from hrv_pack.benchmarks.evidence.multi_object.snapshots import pack, row_of, unpack
from hrv_pack.benchmarks.evidence.multi_object.summary import summarise
from hrv_pack.demo.world import BARE
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance

VOTED = Method("voted").name
METHODS = tuple(dict.fromkeys((*methods("voted"), *methods("measured"))))
NAMES = ("plain", *(method.name for method in METHODS))


def test_prompts_differ_and_screening_never_sees_the_judged_noise():
    cases = [case for case in Objects().cases("full") if case["vector"] == "voted"]
    assert len({prompt_of((case["kinds"], case["colours"])) for case in cases}) == len(cases)
    for case in cases:
        assert len({*case["kinds"]}) == len({*case["colours"]}) == 2
        assert not {*case["kinds"]} & BARE.keys()
        assert not {*case["seeds"]} & {*case["screen"]}


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


def test_every_vector_is_matched_after_it_ran_by_itself():
    names = [method.name for method in methods("measured")]
    assert names[0] == "A&E" and len(set(names)) == len(names)
    for method in methods("measured"):
        if method.matched:
            assert names.index(Method(method.vector).name) < names.index(method.name)


def test_the_matched_strength_is_the_ratio_of_the_paths_within_reach():
    assert matching([1.0, 3.0], [1.0, 1.0]) == 0.5
    assert matching([0.0], [1.0]) == REACH[1]
    assert matching([1.0], [0.0]) == REACH[0]


def test_vectors_of_one_map_size_are_vectors_again():
    table = HeadTable((("down", 0, 2), ("up", 0, 2)))
    kept = torch.tensor([True, True, False, False])
    voted = torch.tensor([[1.0, 0.5, 2.0, 0.5], [3.0, 1.0, 0.0, 0.0]])
    words = (("a",), ("b",))
    found = restricted(HeadRelevance(("A", "B"), words, table, voted), kept)
    assert torch.allclose(found.vectors[0], torch.tensor([8 / 3, 4 / 3, 0, 0]))
    measured = HeadRelevance(("A", "B"), words, table, voted - 1, kind="measured")
    assert torch.equal(restricted(measured, kept).vectors, (voted - 1) * kept)


def _rows(plain: float, excite: float, hrv: float, prompts: int = 40, images: int = 10):
    """The last ten prompts are not hard: plain sampling has both objects in all their images."""
    rng = np.random.default_rng(0)
    shares = dict.fromkeys(NAMES, excite) | {"plain": plain, VOTED: hrv}
    picture = pack(np.zeros((8, 8, 3)))
    rows = []
    for number in range(prompts):
        hard = number < prompts - 10
        found = {}
        drawn = rng.random(images)  # the same noise for all methods
        for method, share in shares.items():
            right = drawn < (share if hard or method != "plain" else 1)
            moved = [] if method == "plain" else [0.0, *[0.5] * (images - 1)]
            found[method] = {
                "images": [[bool(x)] * 4 for x in right],
                "path": moved,
                "loss": [[0.9, 0.2] for _ in moved],
                "strength": 1.0,
                "seconds": 1.0,
                "kept": [picture],
            }
        seen = {"8 x 8": [[0.5] * images] * 2}
        row = {"prompt": f"prompt {number}", "missed": 0.5 if hard else 0.0}
        rows.append({**row, "methods": found, "attended": seen})
    return [*rows, {"prompt": "screened", "missed": 0.1, "methods": {}, "attended": {}}]


@pytest.mark.parametrize(
    ("hrv", "said"), [(0.8, "as in the paper"), (0.5, "not seen"), (0.2, "against the paper")]
)
def test_two_objects_are_told_as_they_are(hrv, said, tmp_path):
    summary = summarise(_rows(0.5, 0.5, hrv))
    voted, measured = summary.sentence.split(" By measured vectors ")
    assert voted.startswith(f"By voted vectors {said}")
    assert measured.startswith("not seen")
    assert [row[0] for row in summary.tables[0]["rows"]] == list(NAMES)
    share, low, high = summary.data["shares"][VOTED][BOTH]
    assert summary.interval == [low, high] and low < share < high
    assert "no positive control" in summary.findings[1]
    assert "30 of 41 prompts are" in summary.findings[0]
    assert "10 prompts that are not hard" in summary.findings[0]
    assert any("A&E 10.0%" in text for text in summary.findings if "never moved" in text)
    assert len(draw("two", summary.data, tmp_path)) == 3


def test_better_than_excite_but_not_than_plain_sampling_is_weaker():
    sentence = summarise(_rows(0.5, 0.2, 0.5)).sentence
    assert sentence.startswith("By voted vectors weaker than in the paper")


def test_both_vectors_of_a_prompt_are_joined_and_an_incomplete_one_is_left_out():
    rows = _rows(0.5, 0.5, 0.8)
    parts = []
    for vector in ("voted", "measured"):
        mine = {"plain", *(method.name for method in methods(vector))}
        kept = [{n: one for n, one in row["methods"].items() if n in mine} for row in rows]
        parts.append([{**row, "methods": one} for row, one in zip(rows, kept, strict=True)])
    both = summarise([*parts[0], *parts[1]])
    assert both.sentence == summarise(rows).sentence
    assert "measured" not in summarise([*parts[0], *parts[1][:3]]).sentence


def test_a_positive_control_is_told():
    assert "can see an effect" in summarise(_rows(0.2, 0.7, 0.7)).findings[1]
    assert "harms here" in summarise(_rows(0.7, 0.2, 0.7)).findings[1]


def test_rescue_and_damage_are_apart():
    table = next(t for t in summarise(_rows(0.5, 0.5, 0.9)).tables if "Rescue" in t["title"])
    cells = {row[0]: row[1:] for row in table["rows"]}
    rescued, damaged = (float(cell.split("%")[0]) for cell in cells[VOTED])
    assert 65 < rescued <= 95 and 0 <= damaged < 20
    found = Outcomes(_rows(0.5, 0.5, 0.9)[:-1])
    assert found.gain("plain", "plain", RIGHT).mean == 0


def test_without_a_hard_prompt_it_says_so():
    with pytest.raises(ValueError, match="is hard"):
        summarise(_rows(0.5, 0.5, 0.5)[-11:])


def test_whether_attention_tells_presence_is_told_by_resolution():
    rows = _rows(0.5, 0.5, 0.5)[:-1]
    for row in rows:
        there = [[image[i] for image in row["methods"]["plain"]["images"]] for i in (0, 1)]
        known = [[0.2 + 0.5 * value for value in one] for one in there]
        row["attended"] = {"8 x 8": known, "4 x 4": [[0.5] * 10] * 2}
    (text,) = finding(rows)
    assert "8 x 8 maps 1.00 [1.00, 1.00] (it tells)" in text
    assert "4 x 4 maps 0.50 [0.50, 0.50] (not clearly)" in text
    for row in rows:
        row["methods"]["plain"]["images"] = [[True] * 4] * 10
    assert finding(rows) == []


def test_snapshots_come_back_bit_for_bit():
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    packed = pack(pixels / 255)
    assert (unpack(packed) == pixels).all()
    assert row_of([packed, packed]).shape == (64, 64 + 3 + 64, 3)
