"""Laws of rescaled value rows and of maps of a few tokens, against float64."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from hrv_pack.hrv.attention import (
    CHUNK_CPU,
    copies,
    own_maps,
    probabilities,
    repeated,
    scale_value_rows,
    token_factors,
)

BATCH, PIXELS, TOKENS, HEADS, WIDTH = 2, 37, 22, 4, 5


def _qkv(seed: int = 0, dtype: torch.dtype = torch.float64):
    generator = torch.Generator().manual_seed(seed)
    shapes = ((BATCH, PIXELS), (BATCH, TOKENS), (BATCH, TOKENS))
    return [
        torch.randn(*s, HEADS * WIDTH, generator=generator, dtype=torch.float64).to(dtype)
        for s in shapes
    ]


def _maps(q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
    """The literal attention map of each row, head, pixel and token, (B, h, N, T) float64."""
    maps = torch.empty(BATCH, HEADS, PIXELS, TOKENS, dtype=torch.float64)
    for b in range(BATCH):
        for h in range(HEADS):
            part = slice(h * WIDTH, (h + 1) * WIDTH)
            for n in range(PIXELS):
                logits = (k[b, :, part].double() @ q[b, n, part].double()) / WIDTH**0.5
                maps[b, h, n] = logits.exp() / logits.exp().sum()
    return maps


def _times_values(maps: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    parts = v.double().split(WIDTH, dim=-1)
    return torch.cat([maps[:, h] @ part for h, part in enumerate(parts)], dim=-1)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-13), (torch.float32, 5e-7)])
def test_scaled_values_equal_a_scaled_map(dtype, tolerance):
    q, k, v = _qkv()
    r = torch.tensor([-2.0, 0.0, 1.0, 7.5], dtype=torch.float64)
    factors = torch.ones(BATCH, TOKENS, HEADS, dtype=torch.float64)
    factors[1] = token_factors(TOKENS, (3, 4, 9), r, TOKENS)
    maps = _maps(q, k)
    scaled = maps.clone()
    for h in range(HEADS):
        for token in (3, 4, 9):
            scaled[1, h, :, token] *= r[h]
    expected = _times_values(scaled, v)
    found = _times_values(maps, scale_value_rows(v.to(dtype), factors.to(dtype)))
    assert float((found - expected).norm() / expected.norm()) < tolerance


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_neutral_factors_keep_every_bit(dtype):
    v = _qkv(1, dtype)[2]
    found = scale_value_rows(v, torch.ones(BATCH, TOKENS, HEADS))
    assert found.dtype == dtype and torch.equal(found, v)


def test_scaling_leaves_its_input_alone():
    v = _qkv(2, torch.float32)[2]
    before = v.clone()
    found = scale_value_rows(v, torch.full((BATCH, TOKENS, HEADS), 3.0))
    assert torch.equal(v, before) and torch.equal(found, before * 3)


def test_half_precision_rounds_once():
    v = _qkv(3, torch.float16)[2]
    factors = torch.rand(BATCH, TOKENS, HEADS)
    exact = v.double() * factors.double().repeat_interleave(WIDTH, dim=-1)
    assert torch.equal(scale_value_rows(v, factors), exact.to(torch.float16))


def test_every_copy_of_a_target_is_scaled():
    r = torch.tensor([2.0, -1.0])
    found = token_factors(20, (0, 5, 5), r, own_length=6)
    expected = torch.ones(20, 2)
    for position in (0, 5, 6, 11, 12, 17, 18):
        expected[position] = r
    assert torch.equal(found, expected)
    assert torch.equal(token_factors(20, (), r, 6), torch.ones(20, 2))


def test_several_steers_multiply():
    r, s = torch.tensor([2.0, 3.0]), torch.tensor([5.0, -1.0])
    both = token_factors(7, (1, 2), r, 7) * token_factors(7, (2, 3), s, 7)
    assert both.tolist() == [[1, 1], [2, 3], [10, -3], [5, -1], [1, 1], [1, 1], [1, 1]]


def test_a_position_outside_the_context_is_an_error():
    with pytest.raises(ValueError, match=r"0\.\.76; found \[77\]"):
        token_factors(154, (3, 77), torch.ones(2), 77)


def test_unfit_factors_are_an_error():
    with pytest.raises(ValueError, match="do not fit factors"):
        scale_value_rows(torch.ones(2, 5, 8), torch.ones(1, 5, 4))
    with pytest.raises(ValueError, match="do not fit factors"):
        scale_value_rows(torch.ones(2, 5, 8), torch.ones(2, 5, 3))


class Largest(TorchDispatchMode):
    """Notes the most numbers that one softmax gives."""

    most = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        given = function(*args, **(kwargs or {}))
        if "softmax" in str(function):
            self.most = max(self.most, given.numel())
        return given


def test_the_map_of_all_tokens_never_exists_as_a_whole():
    q, k = torch.rand(1, 4096, 8), torch.rand(1, 77, 8)
    with Largest() as seen:
        maps = probabilities(q, k, 2, [3])
    assert maps.shape == (1, 2, 4096, 1)
    assert CHUNK_CPU // 2 < seen.most <= CHUNK_CPU < 2 * 4096 * 77


@pytest.mark.parametrize("chunk", [1, 10, 37, 1024])
def test_maps_are_normalised_over_all_keys(chunk):
    q, k, _ = _qkv(4)
    positions = (21, 0, 7)
    found = probabilities(q, k, HEADS, positions, chunk)
    assert found.dtype == torch.float32
    expected = _maps(q, k)[..., list(positions)]
    torch.testing.assert_close(found.double(), expected, rtol=5e-6, atol=1e-7)


def test_all_maps_sum_to_one():
    q, k, _ = _qkv(5, torch.float16)
    total = probabilities(q * 9, k * 9, HEADS, range(TOKENS)).sum(dim=-1)
    torch.testing.assert_close(total, torch.ones_like(total))


def test_maps_have_the_gradient_of_softmax():
    q, k, _ = _qkv(6, torch.float32)
    q.requires_grad_()
    (found,) = torch.autograd.grad(probabilities(q, k, HEADS, (2,), 8).sum(), q)
    logits = torch.einsum("bnhd,bthd->bhnt", *(x.unflatten(-1, (HEADS, -1)) for x in (q, k)))
    expected = (logits / WIDTH**0.5).softmax(dim=-1)[..., 2].sum()
    torch.testing.assert_close(found, torch.autograd.grad(expected, q)[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("length", [5, 10, 15])
def test_a_repeated_context_has_the_maps_of_the_context_itself(length):
    q, k = torch.randn(2, 12, 6), torch.randn(2, 5, 6)
    alone = probabilities(q, k, 2, (1, 4))
    again = repeated(k, length, dim=1)
    own = own_maps(probabilities(q, again, 2, copies((1, 4), 5, length)), length // 5 * 2, 2)
    assert torch.allclose(own, alone, atol=1e-6)
    every = probabilities(q, again, 2, range(length))
    assert torch.allclose(own_maps(every, length, 5)[..., [1, 4]], alone, atol=1e-6)


def test_copies_stand_where_the_repeated_tokens_are():
    tokens = torch.arange(5)
    for length in (5, 10, 12):
        found = repeated(tokens, length)[copies((1, 4), 5, length)]
        assert len(found) == sum(p % 5 in (1, 4) for p in range(length))
        assert set(found.tolist()) == {1, 4}


def test_a_context_of_full_length_is_not_copied():
    context = torch.randn(1, 5, 3)
    assert repeated(context, 5, dim=1) is context
