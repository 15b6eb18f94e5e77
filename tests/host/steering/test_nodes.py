"""The nodes as the host calls them: what they do, and what they say to wrong input."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import nodes as host_nodes
from hrv_pack.hrv.heads import HeadTable, head_table
from hrv_pack.hrv.measure.specific import specific
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.nodes.prompts.nodes import HRVPrompt, HRVTagPrompt
from hrv_pack.nodes.prompts.tag import prompts_of
from hrv_pack.nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen, HRVOrderedWeaken

pytestmark = pytest.mark.usefixtures("host", "inference")


def relevance_for(heads: HeadTable) -> HeadRelevance:
    votes = torch.rand(2, len(heads), generator=torch.Generator().manual_seed(3))
    vectors = votes * len(heads) / votes.sum(dim=1, keepdim=True)
    return HeadRelevance(("Color", "Animals"), (("red",), ("cat",)), heads, vectors)


@pytest.fixture(scope="module")
def hrv(model):
    return relevance_for(head_table(model.get_model_object("diffusion_model")))


@pytest.fixture
def positive(clip):
    return HRVPrompt.execute("a red cat, a mouse and a mouse", clip).args[0]


def sample(patcher, positive, clip):
    negative = host_nodes.CLIPTextEncode().encode(clip, "")[0]
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    return host_nodes.KSampler().sample(
        patcher, 1, 2, 5.0, "euler", "normal", positive, negative, latent, 1.0
    )[0]["samples"]


def test_strength_zero_is_bit_identical(model, hrv, positive, clip):
    plain = sample(model, positive, clip)
    strengthen = HRVConceptStrengthen.execute(model, hrv, positive, "cat", "Animals", 0.0)
    adjust = HRVConceptAdjust.execute(model, hrv, positive, "cat", "Animals", "Color", 0.0)
    weaken = HRVOrderedWeaken.execute(model, hrv, positive, "Color", "MoRHF", 0, "heads", -2.0)
    for node in (strengthen, adjust, weaken):
        assert torch.equal(sample(node.args[0], positive, clip), plain)


def test_adjusting_towards_itself_is_strengthening(model, hrv, positive, clip):
    strengthen = HRVConceptStrengthen.execute(model, hrv, positive, "cat", "Animals", 1.0)
    adjust = HRVConceptAdjust.execute(model, hrv, positive, "cat", "Animals", "animals", 1.0)
    images = [sample(node.args[0], positive, clip) for node in (strengthen, adjust)]
    assert torch.allclose(*images, rtol=1e-4, atol=1e-4 * float(images[0].abs().max()))
    assert not torch.equal(images[0], sample(model, positive, clip))


def test_percent_counts_heads(model, hrv, positive, clip):
    half = HRVOrderedWeaken.execute(model, hrv, positive, "Color", "LeRHF", 50, "percent", -2.0)
    count = len(hrv.heads) // 2
    heads = HRVOrderedWeaken.execute(model, hrv, positive, "Color", "LeRHF", count, "heads", -2.0)
    images = [sample(node.args[0], positive, clip) for node in (half, heads)]
    assert torch.equal(*images)


SPARING = ("Color", "MoRHF", 9, "heads", -2.0)


@pytest.fixture(scope="module")
def measured(hrv):
    drawn = torch.randn(3, len(hrv.heads), generator=torch.Generator().manual_seed(7)) + 1
    names = ("Color", "Animals", "Size")
    return HeadRelevance(names, ((),) * 3, hrv.heads, drawn, kind="measured")


def test_others_are_spared_by_the_order_of_what_is_a_concepts_own(model, measured, positive, clip):
    own = dataclasses.replace(measured, vectors=specific(measured.vectors).float())
    spared = HRVOrderedWeaken.execute(model, measured, positive, *SPARING, spare_others=True)
    by_hand = HRVOrderedWeaken.execute(model, own, positive, *SPARING)
    plain = HRVOrderedWeaken.execute(model, measured, positive, *SPARING)
    images = [sample(node.args[0], positive, clip) for node in (spared, by_hand, plain)]
    assert torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])


def test_others_cannot_be_spared_by_votes_or_beside_none(model, hrv, measured, positive):
    with pytest.raises(ValueError, match="these were voted"):
        HRVOrderedWeaken.execute(model, hrv, positive, *SPARING, spare_others=True)
    rows = measured.vectors[:1].clone()
    alone = HeadRelevance(("Color",), ((),), measured.heads, rows, kind="measured")
    with pytest.raises(ValueError, match="two concepts or more"):
        HRVOrderedWeaken.execute(model, alone, positive, *SPARING, spare_others=True)


def test_more_heads_than_there_are_is_an_error(model, hrv, positive):
    with pytest.raises(ValueError, match=r"The model has 28 heads"):
        HRVOrderedWeaken.execute(model, hrv, positive, "Color", "MoRHF", 29, "heads", -2.0)
    with pytest.raises(ValueError, match="use 0 to 100"):
        HRVOrderedWeaken.execute(model, hrv, positive, "Color", "MoRHF", 101, "percent", -2.0)


def test_an_hrv_of_another_model_names_both(model, positive):
    other = relevance_for(HeadTable((("down", 0, 8),)))
    with pytest.raises(ValueError, match=r"8 heads.*28 heads"):
        HRVConceptStrengthen.execute(model, other, positive, "cat", "Color", 1.0)


def test_a_word_that_is_not_there_lists_the_words(model, hrv, positive):
    with pytest.raises(ValueError, match=r"Did you mean 'mouse'.*red, cat"):
        HRVConceptStrengthen.execute(model, hrv, positive, "moose", "Animals", 1.0)
    with pytest.raises(ValueError, match="type the word"):
        HRVConceptStrengthen.execute(model, hrv, positive, " ", "Animals", 1.0)


def test_an_unknown_concept_lists_the_concepts(model, hrv, positive):
    with pytest.raises(ValueError, match=r"Did you mean 'Color'.*Color, Animals"):
        HRVConceptStrengthen.execute(model, hrv, positive, "cat", "Colour", 1.0)


@pytest.mark.parametrize("end", [0.2, 0.8])
def test_a_range_without_a_step_is_an_error(model, hrv, positive, end):
    with pytest.raises(ValueError, match="must be smaller than"):
        HRVConceptStrengthen.execute(
            model, hrv, positive, "cat", "Animals", 1.0, start_percent=0.8, end_percent=end
        )


def test_an_untagged_conditioning_says_how_to_mend_it(model, hrv, clip):
    plain = host_nodes.CLIPTextEncode().encode(clip, "a cat")[0]
    with pytest.raises(ValueError, match="HRV Tag Prompt"):
        HRVConceptStrengthen.execute(model, hrv, plain, "cat", "Animals", 1.0)


def test_a_tagged_prompt_is_steered_like_an_hrv_prompt(model, hrv, positive, clip):
    text = "a red cat, a mouse and a mouse"
    encoded = host_nodes.CLIPTextEncode().encode(clip, text)[0]
    tagged = HRVTagPrompt.execute(encoded, clip, text).args[0]
    images = [
        sample(HRVConceptStrengthen.execute(model, hrv, c, "cat", "Color", 1.0).args[0], c, clip)
        for c in (positive, tagged)
    ]
    assert torch.equal(*images)
    assert "hrv_prompt" not in encoded[0][1]


def test_a_tag_longer_than_its_conditioning_is_an_error(clip):
    encoded = host_nodes.CLIPTextEncode().encode(clip, "a cat")[0]
    with pytest.raises(ValueError, match="exactly the text"):
        HRVTagPrompt.execute(encoded, clip, "word " * 100)


def test_each_occurrence_can_be_named(positive):
    prompt = prompts_of(positive)[0]
    first, second = prompt.find("mouse#1"), prompt.find("mouse#2")
    assert prompt.find("mouse") == first + second
    with pytest.raises(ValueError, match="mouse#3"):
        prompt.find("mouse#3")


def test_a_word_in_one_of_two_joined_prompts_is_steered_there(model, hrv, positive, clip):
    other = HRVPrompt.execute("a blue dog", clip).args[0]
    joined = other + positive
    node = HRVConceptStrengthen.execute(model, hrv, joined, "cat", "Color", 1.0)
    alone = HRVConceptStrengthen.execute(model, hrv, positive, "cat", "Color", 1.0)
    images = [sample(n.args[0], joined, clip) for n in (node, alone)]
    assert torch.equal(*images)
