"""HRV Construct on real host classes at small size."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from tiny_models import make_clip, make_model

import nodes as host_nodes
from hrv_pack.hrv.construct.concepts import ConceptWords, format_concepts, parse_concepts
from hrv_pack.hrv.construct.votes import VoteRecord
from hrv_pack.hrv.draw.live_map import live_map
from hrv_pack.hrv.files.vote_file import load_votes
from hrv_pack.nodes.construct.ballot import Ballot, ProjectedWords, WordEmbeddings
from hrv_pack.nodes.construct.node import HRVConstruct
from hrv_pack.nodes.construct.progress import named_map
from hrv_pack.nodes.construct.run import construct
from hrv_pack.nodes.construct.settings import Batching, ConstructSettings, Sampling
from hrv_pack.nodes.construct.voting import Voting, drawn_prompt
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.library import concept_lists as concept_library
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import tag

pytestmark = pytest.mark.usefixtures("host", "inference")
WORDS = parse_concepts("Color: red, green, light blue\nAnimals: cat, dog\nWeather: rain, snow")
PROMPTS = ["a red cat", "a dog in the rain", "snow"]
SAMPLING = Sampling(seed=7, steps=3, cfg=4.0, width=64, height=64)
SETTINGS = ConstructSettings(sampling=SAMPLING)


@pytest.mark.parametrize("structure", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("recipe", ["paper", "authors"])
def test_every_head_votes_once_per_prompt_and_evaluation(structure, recipe):
    settings = dataclasses.replace(SETTINGS, recipe=recipe)
    relevance = construct(make_model(structure), make_clip(), WORDS, PROMPTS, settings)
    assert relevance.votes.dtype == torch.int64
    assert (relevance.votes.sum(dim=0) == len(PROMPTS) * SAMPLING.steps).all()
    assert relevance.concepts == ("Color", "Animals", "Weather")


def test_votes_do_not_depend_on_the_batch():
    model, clip = make_model(), make_clip()
    votes = [
        construct(
            model, clip, WORDS, PROMPTS, dataclasses.replace(SETTINGS, batching=Batching(size=size))
        ).votes
        for size in (1, 3)
    ]
    assert torch.equal(*votes)


def test_another_seed_votes_otherwise():
    model, clip = make_model(), make_clip()
    votes = [
        construct(
            model,
            clip,
            WORDS,
            PROMPTS,
            ConstructSettings(sampling=dataclasses.replace(SAMPLING, seed=seed)),
        ).votes
        for seed in (1, 2)
    ]
    assert not torch.equal(*votes)


def test_voting_leaves_the_image_as_it_is():
    model, clip = make_model(), make_clip()
    positive = tag(HRVPrompt.execute("a red cat", clip).args[0], drawn_prompt([0]))
    negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    embeddings, counted = WordEmbeddings(clip, WORDS), {}
    ballot = Ballot(WORDS, embeddings, model_heads(model), "paper", seed=0)
    voting = Voting(ballot, ProjectedWords(embeddings), counted.__setitem__)

    def sample(patcher):
        latent = {"samples": torch.zeros(1, 4, 8, 8)}
        return host_nodes.KSampler().sample(
            patcher, 1, 2, 5.0, "euler", "normal", positive, negative, latent, 1.0
        )[0]["samples"]

    assert torch.equal(sample(add_hooks(model, [voting])), sample(model))
    assert counted[0].sum() == 2 * len(model_heads(model))


INPUTS = {
    "concepts": format_concepts(WORDS),
    "prompts_from": concept_library.OWN_TEXT,
    "prompts": "\n".join(PROMPTS),
    "how_many": 0,
    "batch": 2,
    "seed": 7,
    "steps": 2,
    "cfg": 4.0,
    "sampler": "euler",
    "scheduler": "normal",
    "width": 64,
    "height": 64,
    "recipe": "paper",
}


def test_the_node_keeps_its_run_and_draws_the_heat_map(tmp_path, monkeypatch):
    monkeypatch.setattr(concept_library, "runs_folder", lambda: tmp_path)
    inputs = {**INPUTS, "model": make_model(), "clip": make_clip(), "run": "my run", "parts": 2}
    output = HRVConstruct.execute(**inputs)
    relevance, image = output.args
    assert (relevance.votes.sum(dim=0) == 2 * len(PROMPTS)).all()
    assert relevance.timestep_bins.shape == (2, 3, len(relevance.heads))
    assert image.shape[0] == 1 and image.shape[3] == 3
    assert "halves agree" in str(output.ui.as_dict())
    assert load_votes(tmp_path / "my run.votes").done == len(PROMPTS)
    again = HRVConstruct.execute(**{**inputs, "prompts": "\n".join([*PROMPTS, "a blue bird"])})
    assert again.args[0].votes.sum() > relevance.votes.sum()
    with pytest.raises(ValueError, match=r"“my run” was started with other settings.*recipe"):
        HRVConstruct.execute(**{**inputs, "recipe": "authors"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"concepts": "Color: red, green"}, "give at least two"),
        ({"concepts": "Color: red\nAnimals:"}, "at least one word for: Animals"),
        ({"concepts": "Color: red, ()\nAnimals: cat"}, r"no tokens for: “\(\)”"),
        ({"prompts": " \n# a comment"}, "no prompts"),
        ({"width": 60}, "multiples of 8"),
    ],
)
def test_what_is_wrong_is_said_before_the_first_image(changes, message):
    model, calls = make_model(), []
    unet = model.get_model_object("diffusion_model")
    unet.register_forward_pre_hook(lambda *_: calls.append(1))
    with pytest.raises(ValueError, match=message):
        HRVConstruct.execute(**{**INPUTS, "model": model, "clip": make_clip(), **changes})
    assert calls == []


def test_a_model_without_text_cross_attention_is_named():
    model = make_model()
    model.add_object_patch("diffusion_model", torch.nn.Linear(1, 1))
    with pytest.raises(ValueError, match=r"Linear\) cannot be steered"):
        HRVConstruct.execute(**{**INPUTS, "model": model, "clip": make_clip()})


def test_a_word_in_two_concepts_is_a_warning(caplog):
    concepts = "Color: red, orange\nFruits: apple, orange"
    given = {**INPUTS, "concepts": concepts, "prompts": "an apple", "steps": 1}
    HRVConstruct.execute(**given, model=make_model(), clip=make_clip())
    assert "orange" in caplog.text and "Fruits" in caplog.text


def test_the_growing_map_names_its_concepts():
    record = VoteRecord(WORDS, model_heads(make_model()), {}, ("a cat",))
    blank = named_map(record)
    assert blank.width == 260 + live_map(record.preview()).shape[1]
    names = torch.frombuffer(
        bytearray(blank.crop((0, 0, 260, blank.height)).tobytes()), dtype=torch.uint8
    )
    for row in names.view(3, -1):
        assert len(row.unique()) > 2  # ink in the row of every concept


def test_the_packs_own_prompts_can_be_chosen():
    chosen = concept_library.prompts_of(concept_library.SHIPPED_PROMPTS, "", 40)
    assert len(chosen) == 40
    with pytest.raises(ValueError, match="no prompts"):
        concept_library.prompts_of(concept_library.OWN_TEXT, " ", 0)


def test_a_word_without_tokens_is_named():
    with pytest.raises(ValueError, match="no tokens for: “ ”"):
        WordEmbeddings(make_clip(), ConceptWords(("A", "B"), ((" ",), ("cat",))))
