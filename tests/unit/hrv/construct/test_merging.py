"""Votes of shards and of HRVs add up, each image once."""

from __future__ import annotations

import json

import pytest
import torch
from vote_records import HEADS, SETTINGS, WORDS, record

from hrv_pack.hrv.construct.concepts import ConceptWords
from hrv_pack.hrv.construct.merging import add_up, merge_votes


def test_shards_add_up_to_the_whole_in_any_order(tmp_path):
    whole = record(range(10))
    shards = [record(part) for part in ((0, 1, 2), (3, 4), (5, 6, 7, 8, 9))]
    for order in ((0, 1, 2), (2, 0, 1)):
        merged = merge_votes([shards[i] for i in order])
        assert torch.equal(merged.votes, whole.votes)
        assert merged.done == 10
    assert shards[0].done == 3  # merging leaves its parts as they are
    assert shards[0].votes.sum() == 3 * 3 * len(HEADS)


def test_merged_relevance_is_that_of_the_sum():
    a, b = record(range(5)), record(range(5, 10))
    merged = add_up([a.relevance(), b.relevance()])
    whole = record(range(10)).relevance()
    for name in ("votes", "vectors", "timestep_bins"):
        assert torch.equal(getattr(merged, name), getattr(whole, name))
    assert json.loads(merged.provenance["runs"]) == {a.name: "0-9"}
    assert merged.provenance["recipe"] == "paper"


def test_what_does_not_belong_together_is_not_merged():
    one = record(range(5)).relevance()
    with pytest.raises(ValueError, match=r"twice \(2-4"):
        add_up([one, record(range(2, 8)).relevance()])
    with pytest.raises(ValueError, match="weights differ"):
        add_up([one, record(range(5, 9), settings={**SETTINGS, "weights": "b"}).relevance()])
    other = ConceptWords(("Color", "Animals", "Style"), WORDS.words)
    with pytest.raises(ValueError, match="they differ: Color"):
        add_up([one, record(range(5, 9), words=other).relevance()])
