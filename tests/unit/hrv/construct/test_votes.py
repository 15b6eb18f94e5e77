"""Votes are kept, resumed, merged and damaged; halves are compared."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from hrv_pack.hrv.construct.agreement import split_half
from hrv_pack.hrv.construct.concepts import ConceptWords
from hrv_pack.hrv.construct.merging import add_up, merge_votes
from hrv_pack.hrv.construct.ranges import ranges, read_ranges
from hrv_pack.hrv.construct.vectors import normalise_votes
from hrv_pack.hrv.construct.votes import VoteRecord
from hrv_pack.hrv.draw.live_map import live_map
from hrv_pack.hrv.files.hrv_file import load_relevance, save_relevance
from hrv_pack.hrv.files.vote_file import load_votes, open_run, save_votes, votes_name
from hrv_pack.hrv.heads import HeadTable

WORDS = ConceptWords(("Color", "Animals", "Weather"), (("red",), ("cat",), ("rain", "snow")))
HEADS = HeadTable((("down", 0, 4), ("up", 0, 2)))
PROMPTS = tuple(f"prompt {n}" for n in range(10))
SETTINGS = {"recipe": "paper", "seed": "1", "weights": "a"}


def _record(numbers=(), bins=2, settings=SETTINGS, words=WORDS, prompts=PROMPTS) -> VoteRecord:
    record = VoteRecord(words, HEADS, settings, prompts, bins)
    for number in numbers:
        record.add(number, _picture(number, bins))
    return record


def _picture(number: int, bins: int = 2) -> torch.Tensor:
    """Votes of three evaluations: every head gives three."""
    generator = torch.Generator().manual_seed(number)
    given = torch.randint(3, (3, len(HEADS)), generator=generator)
    votes = torch.zeros(bins, 3, len(HEADS), dtype=torch.int64)
    for evaluation, concepts in enumerate(given):
        votes[evaluation * bins // 3, concepts, torch.arange(len(HEADS))] += 1
    return votes


def test_a_record_reads_back_and_the_same_votes_give_the_same_bytes(tmp_path):
    record = _record([0, 3, 4])
    for name in ("a.votes", "b.votes"):
        save_votes(tmp_path / name, record)
    assert (tmp_path / "a.votes").read_bytes() == (tmp_path / "b.votes").read_bytes()
    read = load_votes(tmp_path / "a.votes")
    assert torch.equal(read.votes, record.votes) and torch.equal(read.counted, record.counted)
    assert read.votes.dtype == torch.int64 and read.name == record.name
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_shards_add_up_to_the_whole_in_any_order(tmp_path):
    whole = _record(range(10))
    shards = [_record(part) for part in ((0, 1, 2), (3, 4), (5, 6, 7, 8, 9))]
    for order in ((0, 1, 2), (2, 0, 1)):
        merged = merge_votes([shards[i] for i in order])
        assert torch.equal(merged.votes, whole.votes)
        assert merged.done == 10
    assert shards[0].done == 3  # merging leaves its parts as they are
    assert shards[0].votes.sum() == 3 * 3 * len(HEADS)


def test_nothing_counts_twice():
    record = _record([1])
    with pytest.raises(ValueError, match="counted already"):
        record.add(1, _picture(1))
    with pytest.raises(ValueError, match=r"same pictures \(1\)"):
        record.merge(_record([1, 2]))
    assert record.done == 1


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (_record(settings={**SETTINGS, "recipe": "authors"}), "recipe: authors and paper"),
        (_record(settings={**SETTINGS, "weights": "b"}), "weights: b and a"),
        (_record(bins=3), "bins: 3 and 2"),
        (_record(words=ConceptWords(("A", "B"), (("a",), ("b",)))), "concept sets differ: A, B"),
        (
            _record(words=ConceptWords(WORDS.concepts, (("red",), ("dog",), ("rain", "snow")))),
            "the words of Animals",
        ),
        (VoteRecord(WORDS, HeadTable((("up", 0, 6),)), SETTINGS, PROMPTS, 2), "6 heads"),
    ],
)
def test_a_run_of_something_else_is_not_resumed(other, message, tmp_path):
    save_votes(tmp_path / "mine.votes", other)
    with pytest.raises(ValueError, match=message) as caught:
        open_run(tmp_path / "mine.votes", _record())
    assert "“mine”" in str(caught.value)


def test_a_run_goes_on_with_more_prompts_but_not_with_other_ones(tmp_path):
    save_votes(tmp_path / "a.votes", _record([0, 1]))
    longer = open_run(tmp_path / "a.votes", _record(prompts=(*PROMPTS, "one more")))
    assert longer.done == 2 and len(longer.counted) == 11
    with pytest.raises(ValueError, match="Prompt 2 was “prompt 1”"):
        open_run(tmp_path / "a.votes", _record(prompts=("prompt 0", "another", *PROMPTS[2:])))
    assert open_run(tmp_path / "none.votes", longer) is longer


@pytest.mark.parametrize("keep", [0, 20, 200, -8])
def test_a_damaged_file_is_named(keep, tmp_path):
    path = tmp_path / "a.votes"
    save_votes(path, _record([0, 1, 2]))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"'a.votes' cannot be used"):
        load_votes(path)


def test_votes_that_heads_did_not_give_equally_often_are_damage(tmp_path):
    record = _record([0, 1])
    record.votes[0, 0, 0, 0] += 1
    save_votes(tmp_path / "a.votes", record)
    with pytest.raises(ValueError, match="equally often"):
        load_votes(tmp_path / "a.votes")


def test_a_run_becomes_relevance_with_its_parts(tmp_path):
    record = _record(range(10))
    relevance = record.relevance()
    assert torch.equal(relevance.votes, record.votes.sum(dim=(0, 1)))
    assert torch.equal(relevance.timestep_bins.sum(dim=0), relevance.votes)
    assert torch.equal(relevance.vectors, normalise_votes(relevance.votes))
    save_relevance(tmp_path / "a.hrv.safetensors", relevance)
    assert torch.equal(
        load_relevance(tmp_path / "a.hrv.safetensors").timestep_bins, relevance.timestep_bins
    )
    assert _record(range(10), bins=1).relevance().timestep_bins is None


def test_merged_relevance_is_that_of_the_sum():
    a, b = _record(range(5)), _record(range(5, 10))
    merged = add_up([a.relevance(), b.relevance()])
    whole = _record(range(10)).relevance()
    for name in ("votes", "vectors", "timestep_bins"):
        assert torch.equal(getattr(merged, name), getattr(whole, name))
    assert json.loads(merged.provenance["runs"]) == {a.name: "0-9"}
    assert merged.provenance["recipe"] == "paper"


def test_what_does_not_belong_together_is_not_merged():
    one = _record(range(5)).relevance()
    with pytest.raises(ValueError, match=r"twice \(2-4"):
        add_up([one, _record(range(2, 8)).relevance()])
    with pytest.raises(ValueError, match="weights differ"):
        add_up([one, _record(range(5, 9), settings={**SETTINGS, "weights": "b"}).relevance()])
    other = ConceptWords(("Color", "Animals", "Style"), WORDS.words)
    with pytest.raises(ValueError, match="they differ: Color"):
        add_up([one, _record(range(5, 9), words=other).relevance()])


def test_ranges_read_back():
    numbers = [0, 1, 2, 5, 7, 8]
    assert ranges(numbers) == "0-2, 5, 7-8"
    assert read_ranges(ranges(numbers)) == set(numbers)
    assert read_ranges(ranges([])) == set()


def test_agreement_equals_numpy_and_scipy():
    votes = torch.randint(0, 5, (2, 3, 4, 60), generator=torch.Generator().manual_seed(0))
    found = split_half(votes)
    counts = votes.sum(dim=1).double().numpy()
    a, b = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for i in range(4):
        cosine = a[i] @ b[i] / np.linalg.norm(a[i]) / np.linalg.norm(b[i])
        assert float(found.cosine[i]) == pytest.approx(cosine)
        assert float(found.rank[i]) == pytest.approx(spearmanr(a[i], b[i]).statistic)


def test_equal_halves_agree_and_an_unseen_concept_does_not():
    half = torch.randint(1, 9, (1, 1, 3, 40), generator=torch.Generator().manual_seed(1))
    votes = torch.cat([half, half])
    torch.testing.assert_close(split_half(votes).cosine, torch.ones(3, dtype=torch.float64))
    votes[1, :, 2] = 0
    agreement = split_half(votes)
    assert float(agreement.cosine[2]) == 0.0
    assert agreement.worst == 2
    assert "worst 0.000, c" in agreement.summary(("a", "b", "c"))
    votes[1] = 0  # a single picture
    assert "not known" in split_half(votes).summary(("a", "b", "c"))


def test_the_live_map_has_a_row_for_each_concept():
    votes = torch.tensor([[3, 0, 0], [0, 3, 0], [0, 0, 0]])
    pixels = live_map(votes)
    assert pixels.shape[1] == 1024 // 3 * 3 and pixels.dtype == np.uint8
    rows = pixels.reshape(3, -1, *pixels.shape[1:])[:, 0]
    assert (rows[0] != rows[1]).any() and (rows[2] == rows[2][0]).all()


@pytest.mark.parametrize(
    ("name", "file"), [("my run", "my run.votes"), ("a.votes", "a.votes"), (" b ", "b.votes")]
)
def test_runs_are_named_by_their_makers(name, file):
    assert votes_name(name) == file


def test_a_run_cannot_be_named_out_of_its_folder():
    with pytest.raises(ValueError, match="leave it out"):
        votes_name("../a")
