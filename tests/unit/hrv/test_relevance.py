"""Laws of HRVs: what they may hold, and how a concept is found."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance

HEADS = HeadTable((("down", 0, 2), ("up", 0, 2)))
VOTES = torch.tensor([[3, 0, 1, 0], [1, 2, 3, 0]])  # the last head has no vote


def _relevance(vectors: torch.Tensor | None = None, **kwargs) -> HeadRelevance:
    if vectors is None:
        vectors = torch.tensor([[3.0, 0.0, 1.0, 0.0], [0.5, 2.0, 1.5, 0.0]])
    return HeadRelevance(("Color", "Plants"), (("red",), ("oak", "rose")), HEADS, vectors, **kwargs)


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


def test_rows_may_be_off_by_rounding_but_not_by_a_thousandth():
    _relevance(torch.tensor(GOOD) * (1 + 5e-5))
    with pytest.raises(ValueError, match="must sum to the number of heads"):
        _relevance(torch.tensor(GOOD) * 1.001)


def test_votes_of_timestep_bins_add_up_to_the_votes():
    bins = torch.stack([VOTES, torch.zeros_like(VOTES)])
    assert _relevance(votes=VOTES, timestep_bins=bins).timestep_bins is bins
    for wrong in (bins + torch.eye(2, 4, dtype=torch.int64), bins[0]):
        with pytest.raises(ValueError, match=r"[Tt]imestep"):
            _relevance(votes=VOTES, timestep_bins=wrong)


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
