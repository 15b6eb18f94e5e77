"""Votes are counted once each, and become HRVs."""

from __future__ import annotations

import pytest
import torch
from vote_records import image_votes, record

from hrv_pack.hrv.construct.vectors import normalise_votes
from hrv_pack.hrv.files.hrv_file import load_relevance, save_relevance


def test_nothing_counts_twice():
    one = record([1])
    with pytest.raises(ValueError, match="counted already"):
        one.add(1, image_votes(1))
    with pytest.raises(ValueError, match=r"same images \(1\)"):
        one.merge(record([1, 2]))
    assert one.done == 1


def test_images_with_even_numbers_are_the_first_half():
    """Files of votes hold the halves in this order."""
    one = record([0, 2, 5])
    assert torch.equal(one.votes[0], image_votes(0) + image_votes(2))
    assert torch.equal(one.votes[1], image_votes(5))


def test_a_run_becomes_relevance_with_its_timestep_bins(tmp_path):
    one = record(range(10))
    relevance = one.relevance()
    assert torch.equal(relevance.votes, one.votes.sum(dim=(0, 1)))
    assert torch.equal(relevance.timestep_bins.sum(dim=0), relevance.votes)
    assert torch.equal(relevance.vectors, normalise_votes(relevance.votes))
    save_relevance(tmp_path / "a.hrv.safetensors", relevance)
    assert torch.equal(
        load_relevance(tmp_path / "a.hrv.safetensors").timestep_bins, relevance.timestep_bins
    )
    assert record(range(10), bins=1).relevance().timestep_bins is None
