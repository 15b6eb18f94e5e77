"""HRV Construct on real host classes at small size."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from tiny_models import make_clip, make_model

import nodes as host_nodes
from hrv_pack.hrv.concepts import format_concepts, parse_concepts, parse_prompts
from hrv_pack.hrv.construct import ConceptWords
from hrv_pack.nodes.construct import Sampling, construct
from hrv_pack.nodes.patching import add_edits, model_heads
from hrv_pack.nodes.prompt import HRVPrompt
from hrv_pack.nodes.prompt_tag import prompts_of
from hrv_pack.nodes.voting import Voting, WordEmbeddings

pytestmark = pytest.mark.usefixtures("host")
WORDS = parse_concepts("Color: red, green, light blue\nAnimals: cat, dog\nWeather: rain, snow")
PROMPTS = ["a red cat", "a dog in the rain", "snow"]
SAMPLING = Sampling(7, 3, 4.0, "euler", "normal", 64, 64, 1, "paper")


@pytest.fixture(autouse=True)
def inference():
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("structure", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("recipe", ["paper", "authors"])
def test_every_head_votes_once_per_prompt_and_evaluation(structure, recipe):
    sampling = dataclasses.replace(SAMPLING, recipe=recipe)
    relevance = construct(make_model(structure), make_clip(), WORDS, PROMPTS, sampling)
    assert relevance.votes.dtype == torch.int64
    assert (relevance.votes.sum(dim=0) == len(PROMPTS) * SAMPLING.steps).all()
    assert relevance.concepts == ("Color", "Animals", "Weather")


def test_votes_do_not_depend_on_the_batch():
    model, clip = make_model(), make_clip()
    votes = [
        construct(model, clip, WORDS, PROMPTS, dataclasses.replace(SAMPLING, batch=batch)).votes
        for batch in (1, 3)
    ]
    assert torch.equal(*votes)


def test_another_seed_votes_otherwise():
    model, clip = make_model(), make_clip()
    votes = [
        construct(model, clip, WORDS, PROMPTS, dataclasses.replace(SAMPLING, seed=seed)).votes
        for seed in (1, 2)
    ]
    assert not torch.equal(*votes)


def test_voting_leaves_the_picture_as_it_is():
    model, clip = make_model(), make_clip()
    positive = HRVPrompt.execute("a red cat", clip).args[0]
    negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    voting = Voting(WORDS, WordEmbeddings(clip, WORDS), model_heads(model), "paper", 0)
    voting.begin(prompts_of(positive)[0], [0])

    def sample(patcher):
        latent = {"samples": torch.zeros(1, 4, 8, 8)}
        return host_nodes.KSampler().sample(
            patcher, 1, 2, 5.0, "euler", "normal", positive, negative, latent, 1.0
        )[0]["samples"]

    assert torch.equal(sample(add_edits(model, [voting])), sample(model))
    assert voting.tally.votes.sum() > 0


def test_concept_text_reads_back():
    assert parse_concepts(format_concepts(WORDS)) == WORDS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Color red\nAnimals: cat", "has no colon"),
        ("Color: red\nColor: blue\nAnimals: cat", "stands twice"),
        ("Color: red", "at least two"),
        ("Color:\nAnimals: cat", "at least one word"),
    ],
)
def test_wrong_concepts_say_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message):
        parse_concepts(text)


def test_wrong_prompts_say_what_is_wrong():
    with pytest.raises(ValueError, match="no prompts"):
        parse_prompts("\n  \n")
    with pytest.raises(ValueError, match="Asked for 5"):
        parse_prompts("a\nb", 5)


def test_a_word_without_tokens_is_named():
    with pytest.raises(ValueError, match="yields no token"):
        WordEmbeddings(make_clip(), ConceptWords(("A", "B"), ((" ",), ("cat",))))
