"""Word Weight on U-Nets: the same factor in every head, for the words alone."""

from __future__ import annotations

import pytest
import torch
from literal_steering import STRUCTURES, encode, literally, prompt, sample, steer, unet_of

from hrv_pack.hrv.heads import head_table
from hrv_pack.nodes.steering.word_weight import HRVWordWeight

pytestmark = pytest.mark.usefixtures("host", "inference")


def weighted(model, positive, words, weight, **when):
    return HRVWordWeight.execute(model, positive, words, weight, **when).args[0]


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("weight", [-1.5, 0.0, 1.7])
def test_every_heads_map_of_the_word_is_multiplied(monkeypatch, models, clip, structure, weight):
    model = models[structure]
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    found = sample(weighted(model, positive, "cat", weight), positive, negative)
    factor = torch.full((len(head_table(unet_of(model))),), weight)
    with monkeypatch.context() as patch:
        literally(patch, model, lambda _rows, _tokens: {1: [3]}, factor)
        literal = sample(model, positive, negative)
    assert (found - literal).abs().max() < 1e-4 * literal.abs().max()


def test_weight_one_is_bit_identical(model, clip):
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    plain = sample(model, positive, negative)
    assert torch.equal(sample(weighted(model, positive, "cat", 1.0), positive, negative), plain)


def test_weights_in_a_row_multiply_with_other_steering(model, clip):
    positive, negative = prompt(clip, "a red cat"), encode(clip, "bad")
    r = torch.linspace(0.5, 2.0, len(head_table(unet_of(model))))
    chained = weighted(steer(model, positive, "cat", r), positive, "cat", -0.5)
    product = steer(model, positive, "cat", -0.5 * r)
    a, b = (sample(each, positive, negative) for each in (chained, product))
    assert (a - b).abs().max() < 1e-4 * a.abs().max()


def test_it_says_what_is_missing(model, clip):
    positive = prompt(clip, "a red cat")
    with pytest.raises(ValueError, match="type the word of the prompt"):
        weighted(model, positive, " ", 1.3)
    with pytest.raises(ValueError, match="'dog' is not in the prompt"):
        weighted(model, positive, "dog", 1.3)
    with pytest.raises(ValueError, match="no word information"):
        weighted(model, encode(clip, "a red cat"), "cat", 1.3)
