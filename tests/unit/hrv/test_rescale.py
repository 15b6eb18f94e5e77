"""Laws of rescale vectors; small examples are worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from head_tables import SD1, SDXL

from hrv_pack.hrv.head_choice import head_order
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.hrv.rescale import (
    WEAKENING_FACTOR,
    adjusting,
    blend,
    strengthening,
    upper_bound,
    weakening,
)

HEADS = HeadTable((("down", 0, 2), ("up", 0, 2)))


def _relevance() -> HeadRelevance:
    vectors = torch.tensor([[3.0, 0.0, 1.0, 0.0], [0.5, 2.0, 1.5, 0.0]])
    return HeadRelevance(("Color", "Plants"), (("red",), ("oak", "rose")), HEADS, vectors)


def test_adjusting_by_hand():
    found = adjusting(_relevance(), "Color", "Plants")
    assert found.tolist() == [5.5, -2.0, 0.5, 0.0]
    assert adjusting(_relevance(), "Color", "Plants", a=1.0, b=2.0).tolist() == [2, -4, -2, 0]


@pytest.mark.parametrize("upper", [None, 1.2])
def test_adjusting_to_itself_is_strengthening(upper):
    relevance = _relevance()
    for concept in relevance.concepts:
        found = adjusting(relevance, concept, concept, upper=upper)
        assert torch.equal(found, strengthening(relevance, concept, upper))


def test_the_clamp_comes_before_combining():
    found = adjusting(_relevance(), "Color", "Plants", upper=1.5)
    assert found.tolist() == [2 * 1.5 - 0.5, -1.5, 0.5, 0.0]
    assert strengthening(_relevance(), "Color", upper=1.5).tolist() == [1.5, 0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("model", "bounds"), [("sd_v1_4", (-5.8, 16.6)), ("sd_xl_base_1_0", (-8.7, 18.0))]
)
def test_published_color_over_plants_has_the_published_range(authors, model, bounds):
    (path,) = authors.glob(f"category_vectors_*_{model}.npy")
    rows = torch.from_numpy(np.load(path, allow_pickle=False))
    table = {len(SD1): SD1, len(SDXL): SDXL}[rows.shape[1]]
    concepts = [f"other {n}" for n in range(len(rows))]
    concepts[1], concepts[17] = "Plants", "Color"
    relevance = HeadRelevance(tuple(concepts), ((),) * len(rows), table, rows)
    found = adjusting(relevance, "Color", "Plants", upper=upper_bound("auto", table))
    assert (round(float(found.min()), 1), round(float(found.max()), 1)) == bounds


def test_upper_bounds():
    assert upper_bound("auto", SDXL) == 9.0
    assert upper_bound("auto", HEADS) is None
    assert upper_bound("auto", HeadTable(tuple(("down", i, 20) for i in range(65)))) is None
    assert upper_bound("none", SDXL) is None
    assert upper_bound(4, SDXL) == upper_bound(4.0, HEADS) == 4.0
    for wrong in (0, -1.0, float("nan"), "soon"):
        with pytest.raises(ValueError, match="Clamp must be"):
            upper_bound(wrong, HEADS)


def test_strength_blends_from_neutral_to_the_full_vector():
    r = torch.rand(1000, generator=torch.Generator().manual_seed(0)) * 60 - 20
    assert torch.equal(blend(r, 0.0), torch.ones(1000))
    assert torch.equal(blend(r, 1.0), r)
    for strength in (0.25, 0.5, 0.8, 1.5, -1.0):
        expected = 1 + strength * (r.double() - 1)
        torch.testing.assert_close(blend(r, strength).double(), expected, rtol=1e-5, atol=1e-5)


def test_heads_at_one_stay_neutral_at_every_strength():
    for strength in torch.linspace(-3, 3, 301).tolist():
        assert torch.equal(blend(torch.ones(5), strength), torch.ones(5))


@pytest.mark.parametrize("count", range(7))
def test_weakening_sets_the_first_heads_only(count):
    order = head_order(torch.tensor([1.0, 3.0, 0.0, 3.0, 1.0, 0.0]), "MoRHF")
    r = weakening(order, count, WEAKENING_FACTOR)
    for rank, head in enumerate(order.tolist()):
        assert float(r[head]) == (-2.0 if rank < count else 1.0)


@pytest.mark.parametrize("count", [-1, 7])
def test_more_heads_than_the_model_has_is_an_error(count):
    with pytest.raises(ValueError, match=f"has 6 heads.*found {count}"):
        weakening(torch.arange(6), count, -2.0)
