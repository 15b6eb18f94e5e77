"""The HRV that is shipped for the demo model is what `make demo-hrv` makes of it."""

import pytest
import torch

from hrv_pack.hrv.files.hrv_file import load_relevance
from hrv_pack.hrv.similarity import cosine
from hrv_pack.tools.build_demo_hrv import FILE, MEASURED, MEASURED_FILE, build, machine

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("host")]
ELSEWHERE = 1e-3  # of the votes, which other processors' rounding may move


def test_the_shipped_hrv_is_rebuilt_with_the_same_votes():
    shipped, rebuilt = load_relevance(FILE), build()
    assert rebuilt.concepts == shipped.concepts
    assert rebuilt.words == shipped.words
    assert rebuilt.heads == shipped.heads
    for key in ("weights", "text encoder", "recipe", "seed", "sampling", "prompts", "runs"):
        assert rebuilt.provenance[key] == shipped.provenance[key]
    moved = int((rebuilt.votes - shipped.votes).abs().sum()) // 2
    same = shipped.provenance.get("machine") == machine()
    assert moved <= (0 if same else ELSEWHERE * int(shipped.votes.sum()))


def test_the_shipped_measured_vectors_are_rebuilt():
    shipped, rebuilt = load_relevance(MEASURED_FILE), build(MEASURED)
    assert (rebuilt.concepts, rebuilt.words) == (shipped.concepts, shipped.words)
    for key in ("weights", "text encoder", "recipe", "templates", "swaps", "runs", "counted"):
        assert rebuilt.provenance[key] == shipped.provenance[key]
    assert float(cosine(rebuilt.vectors, shipped.vectors).min()) > 0.999
    if shipped.provenance.get("machine") == machine():
        assert torch.equal(rebuilt.vectors, shipped.vectors)
