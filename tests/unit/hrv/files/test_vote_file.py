"""Files of votes: read back, resumed, damaged, named."""

from __future__ import annotations

import pytest
import torch
from vote_records import PROMPTS, SETTINGS, WORDS, record

from hrv_pack.hrv.construct.concepts import ConceptWords
from hrv_pack.hrv.construct.votes import VoteRecord
from hrv_pack.hrv.files.vote_file import load_votes, open_run, save_votes, votes_name
from hrv_pack.hrv.heads import HeadTable


def test_a_record_reads_back_and_the_same_votes_give_the_same_bytes(tmp_path):
    one = record([0, 3, 4])
    for name in ("a.votes", "b.votes"):
        save_votes(tmp_path / name, one)
    assert (tmp_path / "a.votes").read_bytes() == (tmp_path / "b.votes").read_bytes()
    read = load_votes(tmp_path / "a.votes")
    assert torch.equal(read.votes, one.votes) and torch.equal(read.counted, one.counted)
    assert read.votes.dtype == torch.int64 and read.name == one.name
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (record(settings={**SETTINGS, "recipe": "authors"}), "recipe: authors and paper"),
        (record(settings={**SETTINGS, "weights": "b"}), "weights: b and a"),
        (record(bins=3), "bins: 3 and 2"),
        (record(words=ConceptWords(("A", "B"), (("a",), ("b",)))), "concept sets differ: A, B"),
        (
            record(words=ConceptWords(WORDS.concepts, (("red",), ("dog",), ("rain", "snow")))),
            "the words of Animals",
        ),
        (VoteRecord(WORDS, HeadTable((("up", 0, 6),)), SETTINGS, PROMPTS, 2), "6 heads"),
    ],
)
def test_a_run_of_something_else_is_not_resumed(other, message, tmp_path):
    save_votes(tmp_path / "mine.votes", other)
    with pytest.raises(ValueError, match=message) as caught:
        open_run(tmp_path / "mine.votes", record())
    assert "“mine”" in str(caught.value)


def test_a_run_goes_on_with_more_prompts_but_not_with_other_ones(tmp_path):
    save_votes(tmp_path / "a.votes", record([0, 1]))
    longer = open_run(tmp_path / "a.votes", record(prompts=(*PROMPTS, "one more")))
    assert longer.done == 2 and len(longer.counted) == 11
    with pytest.raises(ValueError, match="Prompt 2 was “prompt 1”"):
        open_run(tmp_path / "a.votes", record(prompts=("prompt 0", "another", *PROMPTS[2:])))
    assert open_run(tmp_path / "none.votes", longer) is longer


@pytest.mark.parametrize("keep", [0, 20, 200, -8])
def test_a_damaged_file_is_named(keep, tmp_path):
    path = tmp_path / "a.votes"
    save_votes(path, record([0, 1, 2]))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"'a.votes' cannot be used"):
        load_votes(path)


def test_votes_that_heads_did_not_give_equally_often_are_damage(tmp_path):
    one = record([0, 1])
    one.votes[0, 0, 0, 0] += 1
    save_votes(tmp_path / "a.votes", one)
    with pytest.raises(ValueError, match="equally often"):
        load_votes(tmp_path / "a.votes")


@pytest.mark.parametrize(
    ("name", "file"), [("my run", "my run.votes"), ("a.votes", "a.votes"), (" b ", "b.votes")]
)
def test_runs_are_named_by_their_makers(name, file):
    assert votes_name(name) == file


def test_a_run_cannot_be_named_out_of_its_folder():
    with pytest.raises(ValueError, match="leave it out"):
        votes_name("../a")
