"""Laws of HRVs and rescale vectors; small examples are worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import (
    HeadRelevance,
    adjusting,
    blend,
    head_order,
    normalise_votes,
    strengthening,
    upper_bound,
    weakening,
)

HEADS = HeadTable((("down", 0, 2), ("up", 0, 2)))
VOTES = torch.tensor([[3, 0, 1, 0], [1, 2, 3, 0]])  # the last head has no vote


def _relevance(vectors: torch.Tensor | None = None, **kwargs) -> HeadRelevance:
    if vectors is None:
        vectors = torch.tensor([[3.0, 0.0, 1.0, 0.0], [0.5, 2.0, 1.5, 0.0]])
    return HeadRelevance(("Color", "Plants"), (("red",), ("oak", "rose")), HEADS, vectors, **kwargs)


def _literal_normalise(votes: torch.Tensor) -> torch.Tensor:
    """Algorithm 1's normalisation, entry by entry in float64."""
    concepts, heads = votes.shape
    shares = torch.zeros(concepts, heads, dtype=torch.float64)
    for h in range(heads):
        total = sum(int(votes[n, h]) for n in range(concepts))
        for n in range(concepts):
            shares[n, h] = int(votes[n, h]) / total if total else 0.0
    rows = torch.zeros_like(shares)
    for n in range(concepts):
        norm = sum(float(shares[n, h]) for h in range(heads))
        for h in range(heads):
            rows[n, h] = shares[n, h] * heads / norm
    return rows


def test_normalise_by_hand():
    # Shares: 3/4 0 1/4 0 and 1/4 1 3/4 0; the rows sum to 1 and 2 and are scaled to 4.
    expected = torch.tensor([[3.0, 0.0, 1.0, 0.0], [0.5, 2.0, 1.5, 0.0]])
    assert torch.equal(normalise_votes(VOTES), expected)


@pytest.mark.parametrize("seed", range(5))
def test_normalise_equals_the_literal_one(seed):
    generator = torch.Generator().manual_seed(seed)
    votes = torch.randint(0, 50, (6, 40), generator=generator)
    votes[:, 3] = 0
    found = normalise_votes(votes)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), _literal_normalise(votes), rtol=1e-6, atol=0)
    torch.testing.assert_close(found.double().sum(1), torch.full((6,), 40.0, dtype=torch.float64))
    assert bool((found[:, 3] == 0).all())


def test_equal_votes_per_head_make_the_head_step_a_constant():
    """Where every head has the same number of votes, rows are votes * H / sum."""
    generator = torch.Generator().manual_seed(9)
    draws = torch.rand(5, 16, 300, generator=generator).argmax(dim=0)
    votes = torch.stack([(draws == n).sum(dim=1) for n in range(5)])
    assert set(votes.sum(dim=0).tolist()) == {300}
    expected = votes.double() * 16 / votes.double().sum(dim=1, keepdim=True)
    torch.testing.assert_close(normalise_votes(votes).double(), expected, rtol=1e-6, atol=0)


def test_normalising_ignores_the_number_of_evaluations():
    assert torch.equal(normalise_votes(VOTES), normalise_votes(VOTES * 7))


def test_a_concept_without_votes_is_named():
    votes = VOTES.clone()
    votes[1] = 0
    with pytest.raises(ValueError, match="'Plants' won no vote"):
        normalise_votes(votes, ("Color", "Plants"))
    with pytest.raises(ValueError, match="number 1 won no vote"):
        normalise_votes(votes)


@pytest.mark.parametrize("model", ["sd_v1_4", "sd_xl_base_1_0"])
def test_published_vectors_are_valid(authors, model):
    (vectors,) = authors.glob(f"category_vectors_*_{model}.npy")
    (names,) = authors.glob(f"head_index_*_{model}.npy")
    rows = torch.from_numpy(np.load(vectors, allow_pickle=False))
    table = HeadTable.from_names(np.load(names, allow_pickle=False).tolist())
    concepts = tuple(f"concept {n}" for n in range(len(rows)))
    relevance = HeadRelevance(concepts, ((),) * len(rows), table, rows)
    assert torch.equal(relevance.row("Concept 7"), rows[7])


def test_a_row_is_a_copy():
    relevance = _relevance()
    relevance.row("Color").zero_()
    assert torch.equal(relevance.row(" color "), torch.tensor([3.0, 0.0, 1.0, 0.0]))


def test_an_unknown_concept_lists_all_and_the_nearest():
    with pytest.raises(ValueError, match=r"Did you mean 'Plants'.*are: Color, Plants"):
        _relevance().row("plant")


GOOD = [[3.0, 0.0, 1.0, 0.0], [0.5, 2.0, 1.5, 0.0]]


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (torch.tensor(GOOD, dtype=torch.float64), "float32"),
        (torch.tensor(GOOD)[:, :3], "shape"),
        (torch.tensor(GOOD)[:1], "shape"),
        (torch.tensor([GOOD[0], [5.0, -2.0, 1.0, 0.0]]), "not negative"),
        (torch.tensor([GOOD[0], [float("nan"), 2.0, 1.0, 0.0]]), "finite"),
        (torch.tensor([GOOD[0], [float("inf"), 2.0, 1.0, 0.0]]), "finite"),
        (torch.tensor([GOOD[0], [0.5, 2.0, 1.6, 0.0]]), "'Plants' sums to 4.1"),
    ],
)
def test_wrong_vectors_are_an_error(vectors, message):
    with pytest.raises(ValueError, match=message):
        _relevance(vectors)


@pytest.mark.parametrize("votes", [VOTES.int(), VOTES[:1], -VOTES])
def test_wrong_votes_are_an_error(votes):
    with pytest.raises(ValueError, match=r"[Vv]otes"):
        _relevance(votes=votes)
    _relevance(votes=VOTES)


def test_wrong_concepts_are_an_error():
    vectors = torch.tensor(GOOD)
    with pytest.raises(ValueError, match="must differ"):
        HeadRelevance(("Color", "color "), ((), ()), HEADS, vectors)
    with pytest.raises(ValueError, match="concept-words"):
        HeadRelevance(("Color", "Plants"), ((),), HEADS, vectors)
    with pytest.raises(ValueError, match="at least one"):
        HeadRelevance((), (), HEADS, torch.empty(0, 4))


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
    family = {128: [("down", i, 8) for i in range(16)], 1300: [("down", i, 20) for i in range(65)]}
    table = HeadTable(tuple(family[rows.shape[1]]))
    concepts = [f"other {n}" for n in range(len(rows))]
    concepts[1], concepts[17] = "Plants", "Color"
    relevance = HeadRelevance(tuple(concepts), ((),) * len(rows), table, rows)
    found = adjusting(relevance, "Color", "Plants", upper=upper_bound("auto", table))
    assert (round(float(found.min()), 1), round(float(found.max()), 1)) == bounds


def test_upper_bounds():
    sdxl = HeadTable(tuple(("down", i, 20) for i in range(65)))
    assert upper_bound("auto", sdxl) == 9.0
    assert upper_bound("auto", HEADS) is None
    assert upper_bound("none", sdxl) is None
    assert upper_bound(4, sdxl) == upper_bound(4.0, HEADS) == 4.0
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


def test_orders_are_stable_and_reversed():
    vector = torch.tensor([1.0, 3.0, 0.0, 3.0, 1.0, 0.0])
    assert head_order(vector, "MoRHF").tolist() == [1, 3, 0, 4, 2, 5]
    assert head_order(vector, "LeRHF").tolist() == [5, 2, 4, 0, 3, 1]
    ties = torch.zeros(500)
    assert head_order(ties, "MoRHF").tolist() == list(range(500))


def test_random_order_follows_the_seed_alone():
    state = torch.get_rng_state()
    first = head_order(torch.ones(50), "random", seed=3)
    assert torch.equal(first, head_order(torch.zeros(50), "random", seed=3))
    assert sorted(first.tolist()) == list(range(50))
    assert not torch.equal(first, head_order(torch.zeros(50), "random", seed=4))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_wrong_order_is_an_error():
    with pytest.raises(ValueError, match="MoRHF, LeRHF or random"):
        head_order(torch.rand(4), "best")
    with pytest.raises(ValueError, match="one HRV"):
        head_order(torch.rand(2, 4), "MoRHF")


@pytest.mark.parametrize("count", range(7))
def test_weakening_sets_the_first_heads_only(count):
    order = head_order(torch.tensor([1.0, 3.0, 0.0, 3.0, 1.0, 0.0]), "MoRHF")
    r = weakening(order, count, -2.0)
    for rank, head in enumerate(order.tolist()):
        assert float(r[head]) == (-2.0 if rank < count else 1.0)


@pytest.mark.parametrize("count", [-1, 7])
def test_more_heads_than_the_model_has_is_an_error(count):
    with pytest.raises(ValueError, match=f"has 6 heads.*found {count}"):
        weakening(torch.arange(6), count, -2.0)
