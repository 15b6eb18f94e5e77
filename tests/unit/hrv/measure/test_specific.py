"""What a concept's measured vector has of its own, worked by hand and by laws."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.measure.specific import specific

G = torch.randn(5, 12, generator=torch.Generator().manual_seed(2)) + 1.0


def test_a_head_that_keeps_both_concepts_alike_is_of_neither():
    found = specific(torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]))
    half = 0.125**0.5
    expected = torch.tensor([[half, -half, 0.0], [-half, half, 0.0]])
    assert torch.allclose(found.float(), expected, atol=1e-6)


def test_nothing_is_left_of_the_direction_that_all_share():
    unit = G.double() / G.double().norm(dim=1, keepdim=True)
    assert float(unit.sum(dim=0).norm()) > 1
    assert (specific(G) @ unit.sum(dim=0)).abs().max() < 1e-12


def test_lengths_do_not_count_and_order_does_not_matter():
    longer = G * torch.tensor([1.0, 20.0, 0.1, 3.0, 7.0])[:, None]
    assert torch.allclose(specific(longer), specific(G), atol=1e-6)
    drawn = torch.tensor([3, 0, 4, 1, 2])
    assert torch.allclose(specific(G[drawn]), specific(G)[drawn], atol=1e-12)


def test_vectors_that_share_nothing_but_signs_are_refused():
    with pytest.raises(ValueError, match="nothing in common, as the two readings of one word"):
        specific(torch.stack([G[0], -G[0]]))


def test_one_concept_has_none_beside_it():
    with pytest.raises(ValueError, match=r"of one\. Connect vectors of two concepts"):
        specific(G[:1])


@pytest.mark.parametrize("value", [0.0, torch.nan])
def test_a_concept_without_effects_cannot_be_compared(value):
    rows = G.clone()
    rows[2] = value
    with pytest.raises(ValueError, match="more prompts"):
        specific(rows)
