"""Constructions at the true size of SD1.5 and SDXL, with random weights."""

from __future__ import annotations

import resource

import pytest
import torch

from hrv_pack.benchmarks.costs.full_size import full_size_sd15, full_size_sdxl
from hrv_pack.hrv.construct.concepts import concept_words
from hrv_pack.hrv.files.concept_file import read_concepts
from hrv_pack.nodes.construct.run import Construction
from hrv_pack.nodes.construct.settings import ConstructSettings, Sampling
from hrv_pack.nodes.library.concept_lists import SHIPPED

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("host")]
TOKENS = 450  # of the paper's 340 words, generously
CONCEPTS = 6  # SDXL's text encoders take seconds for a word
PROMPTS = ["a red fox on a wooden bridge"]
SAMPLING = Sampling(seed=1, steps=2, width=128, height=128)
SETTINGS = ConstructSettings(sampling=SAMPLING)


@pytest.mark.parametrize(
    ("make", "family", "heads"),
    [(full_size_sd15, "SD1.x", 128), (full_size_sdxl, "SDXL", 1300)],
)
def test_a_full_size_model_votes(make, family, heads):
    with torch.inference_mode():
        model, clip = make()
        listed = read_concepts(SHIPPED / "paper34.txt")
        first = zip(listed.concepts[:CONCEPTS], listed.words, strict=False)
        words = concept_words({concept: each[:1] for concept, each in first})
        run = Construction(model, clip, words, PROMPTS, SETTINGS)
        votes = run.run().total
    assert run.record.heads.family == family
    assert votes.shape == (CONCEPTS, heads)
    assert (votes.sum(dim=0) == SAMPLING.steps).all()
    bytes_of_a_token = sum(key[0].nbytes for key in run.method.voting.keys.keys.values())
    assert bytes_of_a_token * TOKENS < 300e6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 20e6  # kilobytes
