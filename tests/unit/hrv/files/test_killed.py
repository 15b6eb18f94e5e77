"""A process killed at any moment of a save leaves the old votes or the new ones, never a half."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch

from hrv_pack.hrv.construct.concepts import ConceptWords
from hrv_pack.hrv.construct.votes import VoteRecord
from hrv_pack.hrv.files.vote_file import load_votes, save_votes
from hrv_pack.hrv.files.whole_files import write_whole
from hrv_pack.hrv.heads import HeadTable

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
WORDS = ConceptWords(tuple(f"c{n}" for n in range(34)), tuple((f"w{n}",) for n in range(34)))
HEADS = HeadTable((("down", 0, 650), ("up", 0, 650)))  # as many as SDXL has
PROMPTS = tuple(f"a picture of thing number {n}" for n in range(2100))
ROUNDS = 40


def _record(images: int) -> VoteRecord:
    """Image n votes for concept n, in all heads."""
    record = VoteRecord(WORDS, HEADS, {"seed": "1"}, PROMPTS)
    for number in range(images):
        votes = torch.zeros(1, 34, len(HEADS), dtype=torch.int64)
        votes[0, number] = 50
        record.add(number, votes)
    return record


def _save_for_ever(path: Path, records: list[VoteRecord], told: int) -> None:
    """In a child process: save one record after the other until killed; tell after each."""
    try:
        while True:
            for record in records:
                save_votes(path, record)
                os.write(told, b"!")
    finally:
        os._exit(1)


def _beside(path: Path) -> list[Path]:
    return [half for half in path.parent.iterdir() if half != path]


def _killed_while_saving(path: Path, records: list[VoteRecord], seconds: float) -> None:
    begun, told = os.pipe()
    child = os.fork()
    if child == 0:
        _save_for_ever(path, records, told)
    os.read(begun, 1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(begun)
    os.close(told)
    assert os.WIFSIGNALED(status), "saving failed before the kill"


def test_a_kill_during_a_save_leaves_a_whole_file(tmp_path):
    path, records = tmp_path / "run.votes", [_record(n) for n in range(5)]
    save_votes(path, records[0])
    moments, found, halves = random.Random(0), set(), 0
    for _ in range(ROUNDS):
        _killed_while_saving(path, records, moments.uniform(0.001, 0.06))
        read = load_votes(path)
        assert torch.equal(read.votes, records[read.done].votes)
        assert torch.equal(read.counted, records[read.done].counted)
        found.add(read.done)
        halves += len(_beside(path))
    assert len(found) > 1, "nothing was saved, so nothing was tried"
    assert halves > 0, "no kill met a save, so nothing was tried"
    save_votes(path, records[0])
    assert _beside(path) == [], "what kills left goes with the next save"


def test_a_half_that_another_process_writes_is_left_to_it(tmp_path):
    path, (one, other) = tmp_path / "run.votes", os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.fsync = lambda file: os.write(other, b"!") and time.sleep(60)
            write_whole(path, b"half")
        finally:
            os._exit(1)
    try:
        os.read(one, 1)
        (tmp_path / ".run.votes.0.part").write_bytes(b"abandoned")
        (tmp_path / ".run.votes2.0.part").write_bytes(b"of another file")
        write_whole(path, b"whole")
        left = [half.name for half in _beside(path)]
        assert len(left) == 2 and ".run.votes2.0.part" in left and ".run.votes.0.part" not in left
        assert path.read_bytes() == b"whole"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
