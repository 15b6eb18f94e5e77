"""Laws of the step from votes to HRVs; small examples are worked by hand."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.construct.vectors import normalise_votes, vectors_of

VOTES = torch.tensor([[3, 0, 1, 0], [1, 2, 3, 0]])  # the last head has no vote


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


def test_leading_axes_are_normalised_one_by_one_and_a_row_without_votes_is_zero():
    votes = torch.randint(0, 9, (2, 3, 4, 16), generator=torch.Generator().manual_seed(1))
    votes[1, 2, 3] = 0
    found = vectors_of(votes)
    assert found.dtype == torch.float64 and not found[1, 2, 3].any()
    assert torch.equal(found[0, 1].float(), normalise_votes(votes[0, 1]))
    assert torch.equal(found[1, 2, :3].float(), normalise_votes(votes[1, 2, :3]))
