"""HRV Explore on maps of tiny real models: what a run leaves, and the answers about it."""

from __future__ import annotations

import json

import pytest
import torch
from tiny_models import make_clip, make_model

import nodes as host_nodes
from hrv_pack.hrv.construct.vectors import normalise_votes
from hrv_pack.hrv.maps import HeadMaps
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.hrv.word_maps import normalise, selective_map, times_average
from hrv_pack.nodes.explore import explored as module
from hrv_pack.nodes.explore.explored import Explored, UnknownConcept, View, explored_words
from hrv_pack.nodes.explore.node import HRVExplore
from hrv_pack.nodes.explore.shelf import KEPT_BYTES, KEPT_RUNS, SHELF, Shelf
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.maps.settings import Amount, relevant_heads
from hrv_pack.nodes.prompts.nodes import HRVPrompt

pytestmark = pytest.mark.usefixtures("host")
TEXT = "a red mouse, beside a polka-dot Mouse!"
PICKS = ["a#1", "red", "mouse#1", "beside", "a#2", "polka", "dot", "mouse#2"]
CONCEPTS = ("Animals", "Color")


def some_hrv(heads):
    votes = torch.randint(1, 50, (2, len(heads)), generator=torch.Generator().manual_seed(0))
    return HeadRelevance(CONCEPTS, (("a",),) * 2, heads, normalise_votes(votes), {"model": "tiny"})


@pytest.fixture(scope="module")
def sampled():
    """(maps, LATENT, IMAGE, HRV) of two images, 72 x 56."""
    with torch.inference_mode():
        model, clip = make_model(), make_clip()
        positive = HRVPrompt.execute(TEXT, clip).args[0]
        negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
        watched, maps = HRVCapture.execute(model, positive).args
        latent = host_nodes.KSampler().sample(
            *(watched, 1, 2, 5.0, "euler", "normal", positive, negative),
            {"samples": torch.zeros(2, 4, 9, 7)},
        )[0]
    return maps, latent, torch.rand(2, 72, 56, 3), some_hrv(model_heads(model))


@pytest.fixture
def explored(sampled):
    maps, latent, _, hrv = sampled
    captured = maps.of(latent["samples"])
    return Explored(explored_words(maps, captured), captured, 2, hrv)


def read(values, answer):
    """Bytes in hex as they were: (height, width) from 0 to 1."""
    return torch.tensor(list(bytes.fromhex(values))).reshape(answer["size"]) / 255


def test_every_word_of_the_prompt_is_there_as_a_field_names_it(explored):
    assert [word.pick for word in explored.words] == PICKS


@pytest.mark.parametrize("view", [View(1, "", 1), View(0, "Animals", 3), View(1, "color", 20)])
def test_a_words_map_is_that_of_selective_attention_map(sampled, explored, view):
    """The same heads, the same equation, before anything is resized or scaled."""
    maps, latent, _, hrv = sampled
    found = explored.maps(view)
    assert found.shape == (len(PICKS), 64, 50)
    for i, pick in enumerate(PICKS):
        captured, layers = maps.word(latent["samples"], pick)
        chosen = torch.ones(len(maps.heads), dtype=torch.bool)
        if view.concept:
            amount = Amount(amount=view.heads, unit="heads")
            chosen = relevant_heads(hrv, view.concept, captured, amount)
        wanted = selective_map(layers, maps.heads, chosen, (64, 50))[view.image]
        torch.testing.assert_close(found[i], wanted)


def test_an_answer_says_the_maps_in_bytes(explored):
    view = View(1, "Animals", 5)
    answer = json.loads(json.dumps(explored.answer(view)))
    maps = explored.maps(view)
    assert answer["concepts"] == list(CONCEPTS) and answer["heads"] == len(explored.captured.heads)
    assert [word["pick"] for word in answer["words"]] == PICKS
    heat, times = normalise(maps, "min-max"), times_average(maps)
    for i, word in enumerate(answer["words"]):
        torch.testing.assert_close(read(word["heat"], answer), heat[i], atol=0.5 / 255, rtol=1e-4)
        found = read(word["times"], answer) * answer["most"]
        torch.testing.assert_close(found, times[i], atol=answer["most"] / 255, rtol=1e-4)


def test_a_word_that_was_never_attended_to_is_cold_and_refuses_nobody(explored):
    captured = explored.captured
    quiet = HeadMaps(captured.heads, captured.tokens, captured.latent)
    for layer in captured.means(range(captured.tokens)):
        maps = layer.maps.flatten(-2).transpose(-1, -2).clone()
        maps[..., explored.words[2].columns[0]] = 0
        assert quiet.add(layer.stage, layer.layer, maps, 0)
    answer = Explored(explored.words, quiet, 2).answer(View(0, "", 1))
    assert set(bytes.fromhex(answer["words"][2]["heat"])) == {0}
    assert max(bytes.fromhex(answer["words"][1]["heat"])) == 255


def asked(**more):
    return {"run": "x", "image": 0, "concept": "", "heads": 1, **more}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"image": 2}, "2 images were sampled; found no image number 3"),
        ({"image": -1}, "found no image number 0"),
        ({"image": True}, "whole numbers"),
        ({"image": 0.0}, "whole numbers"),
        ({"concept": None}, "short text"),
        ({"concept": "a" * 201}, "short text"),
        ({"concept": "Animal"}, "Did you mean 'Animals'"),
        ({"concept": "Animals", "heads": 0}, "choose 1 to"),
        ({"heads": "many"}, "whole numbers"),
    ],
)
def test_a_question_that_is_none_gets_a_sentence(explored, more, message):
    with pytest.raises(ValueError, match=message):
        explored.answer(View.read(asked(**more)))


@pytest.mark.parametrize("heads", [1000, 10**30])
def test_more_heads_than_the_model_has_are_all_of_them(explored, heads):
    """As a workflow asks that was saved with a larger model."""
    assert explored.chosen(View(0, "Animals", heads)).all()


def test_without_vectors_a_concept_says_what_to_connect(explored):
    bare = Explored(explored.words, explored.captured, 2)
    assert bare.answer(View(0, "", 1))["concepts"] == []
    with pytest.raises(UnknownConcept, match="connect an HRV"):
        bare.answer(View(0, "Animals", 3))


def test_vectors_of_another_model_are_refused_at_the_run(sampled):
    maps, latent, image, _ = sampled
    other = some_hrv(model_heads(make_model("sdxl")))
    with pytest.raises(ValueError, match="but the maps are of"):
        HRVExplore.execute(maps, latent, image, other)


def test_a_prompt_that_never_took_part_is_told(sampled):
    maps, _, _, _ = sampled
    with pytest.raises(ValueError, match="nothing to explore"):
        explored_words(maps, HeadMaps(maps.heads, maps.tokens, (9, 7)))


def test_of_a_long_prompt_the_first_words_are_there(sampled, monkeypatch):
    maps, latent, _, _ = sampled
    monkeypatch.setattr(module, "MOST_WORDS", 3)
    seen = explored_words(maps, maps.of(latent["samples"]))
    assert [word.pick for word in seen] == PICKS[:3]


def test_the_node_tells_the_page_its_run_and_its_images(sampled):
    maps, latent, image, hrv = sampled
    for more in ({"image": image, "hrv": hrv}, {}):
        (told,) = HRVExplore.execute(maps, latent, **more).ui["hrv_explored"]
        assert len(told["images"]) == 2 and {each["type"] for each in told["images"]} == {"temp"}
        assert len(SHELF.get(told["run"]).words) == len(PICKS)
    with pytest.raises(ValueError, match="not the same shape"):
        HRVExplore.execute(maps, latent, torch.rand(2, 72, 72, 3))


def test_each_run_is_a_new_one(sampled):
    assert HRVExplore.fingerprint_inputs() != HRVExplore.fingerprint_inputs()


class Large(HeadMaps):
    """Maps that say they take this much."""

    size = 0

    @property
    def nbytes(self):
        return self.size


def some_run(explored, size):
    maps = Large(explored.captured.heads, 1, (8, 8))
    maps.size = size
    return Explored((), maps, 1)


def test_the_shelf_forgets_the_oldest_and_keeps_the_newest(explored):
    shelf = Shelf()
    names = [shelf.put(some_run(explored, 1)) for _ in range(KEPT_RUNS + 1)]
    with pytest.raises(ValueError, match="Run again to see them"):
        shelf.get(names[0])
    assert all(shelf.get(name) for name in names[1:])
    huge = shelf.put(some_run(explored, KEPT_BYTES + 1))
    assert shelf.get(huge) and shelf.nbytes == KEPT_BYTES + 1
    with pytest.raises(ValueError, match="no longer kept"):
        shelf.get(names[-1])


def test_runs_of_the_same_maps_take_their_memory_once(explored):
    shelf, run = Shelf(), some_run(explored, KEPT_BYTES // 2 + 1)
    names = [shelf.put(run) for _ in range(3)]
    assert all(shelf.get(name) is run for name in names)
    assert shelf.nbytes == KEPT_BYTES // 2 + 1
