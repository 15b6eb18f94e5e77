"""Selective Attention Map and Misreading Diagnosis on maps of tiny real models."""

from __future__ import annotations

import math

import pytest
import torch
from tiny_models import make_clip, make_model

import nodes as host_nodes
from hrv_pack.hrv.construct.vectors import normalise_votes
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.hrv.word_maps import daam_heads, daam_map, normalise, selective_map
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.maps.diagnosis import HRVMisreadingDiagnosis
from hrv_pack.nodes.maps.selective import HRVSelectiveAttentionMap
from hrv_pack.nodes.prompts.nodes import HRVPrompt

pytestmark = pytest.mark.usefixtures("host")
CONCEPTS = ("Animals", "Electronics", "Color")


def some_hrv(heads, seed=0):
    generator = torch.Generator().manual_seed(seed)
    votes = torch.randint(1, 50, (len(CONCEPTS), len(heads)), generator=generator)
    return HeadRelevance(CONCEPTS, (("a",),) * 3, heads, normalise_votes(votes), {"model": "tiny"})


@pytest.fixture(scope="module")
def sampled():
    """(maps, LATENT, IMAGE, HRV) of two images, 72 x 56."""
    with torch.inference_mode():
        model, clip = make_model(), make_clip()
        positive = HRVPrompt.execute("a red mouse beside a mouse", clip).args[0]
        negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
        watched, maps = HRVCapture.execute(model, positive).args
        latent = host_nodes.KSampler().sample(
            *(watched, 1, 2, 5.0, "euler", "normal", positive, negative),
            {"samples": torch.zeros(2, 4, 9, 7)},
        )[0]
    return maps, latent, torch.rand(2, 72, 56, 3), some_hrv(model_heads(model))


def look(sampled, heads="most relevant", **more):
    maps, latent, image, hrv = sampled
    inputs = {
        "word": "mouse",
        "concept": "Animals",
        "amount": 25.0,
        "unit": "percent",
        "normalisation": "min-max",
        "threshold": 0.4,
        "image": image,
        "hrv": hrv,
        **more,
    }
    return HRVSelectiveAttentionMap.execute(maps, latent, heads=heads, **inputs).args


def test_outputs_are_those_of_the_equations(sampled):
    maps, latent, _, hrv = sampled
    captured, word = maps.word(latent["samples"], "mouse")
    count = round(len(maps.heads) * 0.25)
    chosen = torch.zeros(len(maps.heads), dtype=torch.bool)
    chosen[hrv.row("Animals").argsort(descending=True, stable=True)[:count]] = True
    heat = normalise(selective_map(word, maps.heads, chosen, (72, 56)), "min-max")
    overlay, colours, mask, score = look(sampled, colours="gray")
    assert overlay.shape == colours.shape == (2, 72, 56, 3)
    assert torch.equal(mask, (heat > 0.4).float()) and 0 < mask.mean() < 1
    torch.testing.assert_close(colours[..., 0], heat, atol=1 / 255, rtol=0)
    assert math.isnan(score)
    daam = daam_map(word, maps.heads, daam_heads(word, maps.heads, captured.latent), (72, 56))
    assert torch.equal(look(sampled, "DAAM")[2], (normalise(daam, "min-max") > 0.4).float())


def test_occurrences_and_phrases_average_their_tokens(sampled):
    maps, latent, _, _ = sampled
    _, both = maps.word(latent["samples"], "mouse")
    _, one = maps.word(latent["samples"], "mouse#1")
    _, two = maps.word(latent["samples"], "mouse#2")
    every = torch.ones(len(maps.heads), dtype=torch.bool)
    first, second, mean = (selective_map(w, maps.heads, every, (9, 7)) for w in (one, two, both))
    torch.testing.assert_close(mean, (first + second) / 2)
    assert not torch.equal(first, second)
    assert maps.word(latent["samples"], "red mouse")[1][0].maps.shape[2] == 2


def test_all_by_name_is_all(sampled):
    assert torch.equal(look(sampled, "all")[0], look(sampled, "by name", names="d m u")[0])
    assert torch.equal(look(sampled, "all")[0], look(sampled, amount=100.0)[0])
    assert not torch.equal(look(sampled)[0], look(sampled, "least relevant")[0])


def test_a_mask_agrees_with_itself(sampled):
    mask = look(sampled)[2]
    assert look(sampled, reference=mask)[3] == 1.0
    assert look(sampled, reference=1 - mask)[3] == 0.0
    whole = torch.ones(1, 144, 112)
    assert look(sampled, reference=whole)[3] == pytest.approx(float(mask.mean()))


def test_without_an_image_the_latent_is_drawn(sampled):
    assert look(sampled, image=None)[0].shape == (2, 72, 56, 3)
    assert look(sampled, image=torch.rand(2, 144, 112, 3))[0].shape == (2, 144, 112, 3)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"word": " "}, "Type a word"),
        ({"word": "mice"}, "Words in the prompt: a, red, mouse, beside"),
        ({"word": "mouse#3"}, "no 'mouse#3'"),
        ({"hrv": None}, "connect an HRV"),
        ({"amount": 101.0}, "use 0 to 100"),
        ({"amount": 900.0, "unit": "heads"}, "choose 1 to"),
        ({"concept": "Animal"}, "Did you mean 'Animals'"),
        ({"heads": "by name", "names": "u99"}, "up has layers 0 to"),
        ({"image": torch.rand(1, 72, 56, 3)}, "2 were sampled"),
        ({"image": torch.rand(2, 72, 72, 3)}, "not the same shape"),
        ({"reference": torch.ones(3, 9, 7)}, "3 masks for 2 images"),
    ],
)
def test_errors_say_what_to_do(sampled, more, message):
    with pytest.raises(ValueError, match=message):
        look(sampled, **more)


def test_an_hrv_of_another_model_is_refused(sampled):
    other = some_hrv(model_heads(make_model("sdxl")))
    with pytest.raises(ValueError, match="but the maps are of"):
        look(sampled, hrv=other)
    with pytest.raises(ValueError, match="but the maps are of"):
        diagnose(sampled, hrv=other)


def diagnose(sampled, **more):
    maps, latent, image, hrv = sampled
    inputs = {
        "word": "mouse",
        "hrv": hrv,
        "meant": "Animals",
        "instead": "Electronics",
        "amount": 25.0,
        "unit": "percent",
        "normalisation": "min-max",
        "threshold": 0.4,
        "theme": "dark",
        "image": image,
        **more,
    }
    return HRVMisreadingDiagnosis.execute(maps, latent, **inputs).args


def test_a_panel_for_each_image_and_a_report(sampled):
    panels, report = diagnose(sampled)
    assert panels.shape[0] == 2 and panels.shape[-1] == 3
    assert panels.min() >= 0 and panels.max() <= 1
    assert report.count("Animals: claims") == 2 and "Image 2" in report
    wider, longer = diagnose(sampled, more_concepts="color, Animals", image=None)
    assert wider.shape[2] > panels.shape[2]
    assert "Color: claims" in longer and "Animals and Color overlap" in longer


def test_one_concept_cannot_be_compared(sampled):
    with pytest.raises(ValueError, match="found only Animals"):
        diagnose(sampled, instead="animals")
