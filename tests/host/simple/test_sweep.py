"""HRV Strength Sweep gives, for each strength, the model that HRV Steer gives with its vectors."""

from __future__ import annotations

import pytest
import torch
from literal_steering import encode, prompt, sample

from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.library.menus import NOTHING
from hrv_pack.nodes.prompts.tag import Conditioning
from hrv_pack.nodes.simple.node import HRVSteer
from hrv_pack.nodes.simple.sweep import HRVStrengthSweep

pytestmark = pytest.mark.usefixtures("host", "inference")
TEXT = "a red mouse in snow"
STRENGTHS = (0.0, 0.4, 1.0, 1.7)


def vectors(model, kind: str = "voted") -> HeadRelevance:
    """Random vectors of the model's heads, for Color, Animals and Plants."""
    heads = model_heads(model)
    drawn = torch.rand(3, len(heads), generator=torch.Generator().manual_seed(1))
    rows = drawn * len(heads) / drawn.sum(dim=1, keepdim=True) if kind == "voted" else drawn - 0.5
    return HeadRelevance(("Color", "Animals", "Plants"), (("a",),) * 3, heads, rows, kind=kind)


def sweep(model, conditioning: Conditioning, relevance: HeadRelevance, **fields):
    """(models, labels) of the node."""
    new = {"words": "mouse", "read_as": "Animals", "not_as": "Plants"}
    listed = ", ".join(f"{each:g}" for each in STRENGTHS)
    new |= {"strengths": listed, **fields}
    return HRVStrengthSweep.execute(model, relevance, conditioning, **new).args


@pytest.mark.parametrize("structure", ["sd1", "sdxl"])
@pytest.mark.parametrize("kind", ["voted", "measured"])
@pytest.mark.parametrize("not_as", ["Plants", NOTHING])
def test_each_model_samples_as_hrv_steers_does_bit_for_bit(models, clip, structure, kind, not_as):
    model, negative = models[structure], encode(clip, "bad")
    relevance, seen = vectors(model, kind), []
    positive = prompt(clip, TEXT)
    steered, labels = sweep(model, positive, relevance, not_as=not_as)
    for strength, found in zip(STRENGTHS, steered, strict=True):
        asked = ("none", "mouse", "Animals", "" if not_as == NOTHING else not_as, strength, "")
        expected = HRVSteer.execute(model, clip, TEXT, *asked, hrv=relevance).args
        seen.append(sample(found, positive, negative))
        assert torch.equal(seen[-1], sample(*expected, negative))
    assert all(not torch.equal(seen[0], other) for other in seen[1:])
    assert len(set(labels)) == len(labels) == len(STRENGTHS)


def test_strength_0_is_the_model_itself_and_the_model_stays_as_it_was(model, clip):
    positive, negative = prompt(clip, TEXT), encode(clip, "bad")
    before = sample(model, positive, negative)
    (_, plain), _ = sweep(model, positive, vectors(model), strengths="1, 0")
    assert plain is model
    assert torch.equal(sample(model, positive, negative), before)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"words": ""}, "type the word"),
        ({"words": "boat", "strengths": "0"}, "boat"),
        ({"read_as": "Plants"}, "which is the same"),
        ({"read_as": "Tools", "not_as": NOTHING}, "Tools"),
        ({"strengths": "0, 9"}, "too large"),
    ],
)
def test_what_cannot_be_swept_is_said_in_words(model, clip, fields, said):
    with pytest.raises(ValueError, match=said):
        sweep(model, prompt(clip, TEXT), vectors(model), **fields)


def test_vectors_of_another_model_are_refused_also_where_nothing_is_steered(models, clip):
    with pytest.raises(ValueError, match="heads"):
        sweep(models["sd1"], prompt(clip, TEXT), vectors(models["sdxl"]), strengths="0")


def test_strengths_are_read_before_the_run():
    assert HRVStrengthSweep.validate_inputs("Color", "Plants", "0, 1") is True
    assert HRVStrengthSweep.validate_inputs("A concept of their own", "Plants") is True
    assert "“much” is no strength" in HRVStrengthSweep.validate_inputs("Color", "Plants", "much")
