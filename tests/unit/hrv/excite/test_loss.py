"""Attend-and-Excite and A&E-HRV against literal float64 transcriptions, and the loss's laws."""

from __future__ import annotations

import pytest
import torch
from literal_excite import hrv_loss, plain_loss

from hrv_pack.hrv.attention import full_maps, own_maps
from hrv_pack.hrv.excite.filters import Smoothing
from hrv_pack.hrv.excite.loss import (
    excite_loss,
    layer_part,
    strongest,
    token_losses,
    token_shares,
)
from hrv_pack.hrv.excite.words import ChosenToken, token_slots

TOKENS = [2, 5]
LAYERS = [(8, 2), (4, 3), (2, 2)]  # (side, heads)
HEADS = sum(heads for _, heads in LAYERS)


@pytest.fixture(scope="module")
def maps():
    """Attention maps (1, heads, pixels, 77) of three layers."""
    generator = torch.Generator().manual_seed(0)
    logits = [torch.randn(1, n, side * side, 77, generator=generator) for side, n in LAYERS]
    return [each.softmax(dim=-1) for each in logits]


def ours(maps, weights, rows, side, slots, smoothing):
    """Loss and gradients by the pack's functions, in float32."""
    leaves = [each.clone().requires_grad_() for each in maps]
    start, averaged = 0, 0
    for leaf, (own, heads) in zip(leaves, LAYERS, strict=True):
        part = weights[:, start : start + heads]
        start += heads
        if part.any():
            averaged = averaged + layer_part(leaf, part, (own, own), (side, side))
    tokens = [ChosenToken(position, row) for position, row in zip(TOKENS, rows, strict=True)]
    losses = token_losses(strongest(averaged, tokens, slots, smoothing))
    loss, _ = excite_loss(losses)
    loss.sum().backward()
    gradients = [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]
    return loss, gradients


def literal(maps, loss):
    """Loss and gradients of a transcription, in float64."""
    leaves = [each[0].double().requires_grad_() for each in maps]
    sides = [side for side, _ in LAYERS]
    shaped = [x.unflatten(1, (side, side)) for x, side in zip(leaves, sides, strict=True)]
    value = loss(shaped)
    value.backward()
    return value, [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]


def agree(found, expected):
    (loss, gradients), (true_loss, true_gradients) = found, expected
    assert loss.item() == pytest.approx(true_loss.item(), rel=1e-4)
    scale = max(float(g.abs().max()) for g in true_gradients)
    assert scale > 0
    for gradient, true in zip(gradients, true_gradients, strict=True):
        assert (gradient[0].double() - true).abs().max() < 1e-4 * scale


@pytest.mark.parametrize("sigma", [0.5, None])
@pytest.mark.parametrize("side", [8, 4])
def test_attend_and_excite_is_its_transcription(maps, side, sigma):
    mine = torch.cat([torch.full((n,), float(own == side)) for own, n in LAYERS])
    weights = (mine / mine.sum())[None]
    smoothing = None if sigma is None else Smoothing("wide", sigma)
    slots = token_slots(77, (), "all but first and last")
    found = ours(maps, weights, [0, 0], side, slots, smoothing)
    agree(found, literal(maps, lambda m: plain_loss(m, TOKENS, side, sigma)))


@pytest.mark.parametrize("sigma", [0.5, None])
@pytest.mark.parametrize("side", [4, 2])
def test_ae_hrv_is_its_transcription(maps, side, sigma):
    vectors = torch.rand(2, HEADS, generator=torch.Generator().manual_seed(1))
    vectors = vectors * HEADS / vectors.sum(dim=1, keepdim=True)
    smoothing = None if sigma is None else Smoothing("gaussian", sigma)
    slots = token_slots(77, (), "all but first")
    found = ours(maps, vectors / HEADS, [0, 1], side, slots, smoothing)
    expected = literal(maps, lambda m: hrv_loss(m, vectors.double(), TOKENS, side, sigma))
    agree(found, expected)


def test_maps_are_softmax_rows_and_copies_of_a_prompt_add_up():
    q, k = torch.randn(2, 6, 8), torch.randn(2, 5, 8)
    maps = full_maps(q, k, 2)
    split = lambda t: t.double().unflatten(-1, (2, 4)).transpose(1, 2)  # noqa: E731
    expected = torch.softmax(split(q) @ split(k).transpose(-1, -2) / 2.0, dim=-1)
    assert (maps.double() - expected).abs().max() < 1e-6
    assert torch.allclose(own_maps(full_maps(q, k.repeat(1, 3, 1), 2), 15, 5), maps, atol=1e-6)


def test_keys_that_other_packs_added_are_in_the_softmax_only():
    q, k = torch.randn(1, 6, 8), torch.randn(1, 7, 8)
    assert torch.equal(own_maps(full_maps(q, k, 2), 5, 5), full_maps(q, k, 2)[..., :5])


def test_shares_sum_to_one_over_the_slice():
    shares = token_shares(torch.rand(2, 3, 77, 4, 4), range(1, 76))
    assert shares.shape == (2, 3, 75, 4, 4)
    assert torch.allclose(shares.sum(dim=2), torch.ones(1))


def test_a_word_that_has_all_the_attention_costs_nothing():
    averaged = torch.zeros(1, 1, 77, 4, 4)
    averaged[:, :, 3, 1, 2] = 5.0
    s = strongest(averaged, [ChosenToken(3, 0)], range(1, 76), None)
    assert torch.equal(token_losses(s), torch.zeros(1, 1))
    assert not token_losses(torch.tensor([[1 + 1e-6]])).any()  # nor more than all, by rounding


def test_the_loss_is_the_weakest_tokens_and_says_which():
    loss, weakest = excite_loss(torch.tensor([[0.1, 0.7], [0.4, 0.3]]))
    assert loss.tolist() == pytest.approx([0.7, 0.4]) and weakest.tolist() == [1, 0]


def test_a_token_outside_the_slice_is_an_error():
    with pytest.raises(ValueError, match="not in the token slice"):
        strongest(torch.rand(1, 1, 77, 4, 4), [ChosenToken(76, 0)], range(1, 76), None)
