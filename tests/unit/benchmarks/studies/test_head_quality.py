"""What the analysis of single heads says of maps whose answer is known."""

from __future__ import annotations

import math
from importlib import import_module

import pytest
import torch

from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.maps import HeadMaps

HEADS = HeadTable((("down", 0, 2), ("mid", 0, 4), ("up", 0, 2)))
ROW = torch.tensor([4.0, 0.5, 3.0, 2.0, 1.5, 1.0, 3.5, 0.1])
INSIDE, OUTSIDE = 0.5, 0.1
SIZE = (16, 16)


def quality():
    """Heads 0, 6 and 7 look at the object; 1 around it; the middle layer nowhere special."""
    module = import_module("hrv_pack.benchmarks.studies.head_quality")
    mask = torch.zeros(1, 16, 16, dtype=torch.bool)
    mask[:, 4:12, 4:12] = True
    maps = HeadMaps(HEADS, 2, SIZE)
    seen = torch.where(mask, INSIDE, OUTSIDE).flatten(1)
    around = torch.where(mask, OUTSIDE, INSIDE).flatten(1)
    flat = torch.full((1, 4, 16), 0.2)
    for place, own in (("down", [seen, around]), ("mid", None), ("up", [seen, seen])):
        one = flat if own is None else torch.stack(own, dim=1)
        assert maps.add(place, 0, torch.stack([one, one / 5], dim=-1), 0)
    found = module.HeadQuality(HEADS)
    sample = module.Watched(
        "cat", "red", "Animals", mask, [True], lambda _: (maps, maps.means([0]))
    )
    for _ in range(2):
        found.add(sample, "cat", ROW)
    return found


@pytest.fixture(scope="module")
def found(host):
    return quality()


def test_every_head_is_judged_by_its_own_map(found):
    own, inverse = found.values("own"), found.values("inverse")
    assert own.shape == (2, 8)
    assert own[0].tolist() == [1, 0, 0, 0, 0, 0, 1, 1]
    assert inverse[0, :2].tolist() == [0, 1]
    contrast = found.values("contrast")[0]
    assert contrast[[0, 6]] == pytest.approx(math.log(INSIDE / OUTSIDE), rel=1e-5)
    assert contrast[1] == pytest.approx(-math.log(INSIDE / OUTSIDE), rel=1e-5)
    claim = (INSIDE + 3 * OUTSIDE) / 4
    assert found.values("claim")[0, 0] == pytest.approx(claim, rel=1e-5)
    assert found.values("semantic")[0, 0] == pytest.approx(claim * 1.2, rel=1e-5)


def test_layers_say_where_the_relevant_heads_are(found):
    rows = found.layers()
    assert [row["layer"] for row in rows] == ["down 0", "mid 0", "up 0"]
    assert [row["pixels"] for row in rows] == [256, 16, 256]
    assert [row["of the top"] for row in rows] == [0.5, 0, 0.5]
    assert [row["own"] for row in rows] == [0.5, 0, 1]


def test_correlations_rank_relevance_against_what_heads_show(found):
    at = found.correlations()
    ranks = {value: i for i, value in enumerate(sorted(ROW.tolist()))}
    assert at["own"] == pytest.approx(spearman([ranks[v] for v in ROW.tolist()]), abs=1e-6)
    assert at["own, within a layer"] == pytest.approx(1.0)  # down 0; in up 0 both are as good


def spearman(relevance):
    """Of ranks 0 .. 7 with the heads' IoU: three equal ones above five equal ones."""
    own = [6.0 if i in (0, 6, 7) else 2.0 for i in range(8)]
    mean = sum(relevance) / 8, sum(own) / 8
    pairs = [(r - mean[0], o - mean[1]) for r, o in zip(relevance, own, strict=True)]
    down = math.sqrt(sum(r * r for r, _ in pairs) * sum(o * o for _, o in pairs))
    return sum(r * o for r, o in pairs) / down


def test_choices_of_heads_are_compared(found):
    table = found.table()
    assert table["most relevant"] == 1.0  # heads 0 and 6
    assert table["most, negative"] == 0.0
    assert table["most relevant, finest layers only"] == 1.0
    assert table["least relevant"] == 0.0  # heads 1 and 7 cancel out
    assert table["a perfect map of 16 x 16"] == 1.0
    assert table["a perfect map of 4 x 4"] < 1
    assert set(table) > {"DAAM", "all", "least relevant, finest layers only"}
