"""The split of the queries equals the maps of joint attention, written out in float64."""

import pytest
import torch

from hrv_pack.hrv.families.joint import (
    column_maps,
    joint_rows,
    log_sum_exp,
    one_hot,
    put_rows,
    scale_text_values,
    take_rows,
)

TEXT, LENGTH = 3, 11


def attention(q, k, v):
    return torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1) @ v


@pytest.mark.parametrize("references", [(), (2,), (1, 2)])
def test_the_split_is_the_rescaled_map(references):
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 4, LENGTH, 5, generator=generator).double() for _ in range(3))
    factors = torch.randn(2, TEXT, 4, generator=generator).double()
    rows = joint_rows(TEXT, LENGTH, references)
    target = attention(take_rows(q, [rows.target], 2), k, scale_text_values(v, factors))
    others = attention(take_rows(q, rows.others, 2), k, v)
    maps = torch.softmax(q @ k.transpose(-1, -2) / 5**0.5, dim=-1)
    end = LENGTH - sum(references)
    maps[:, :, TEXT:end, :TEXT] *= factors.transpose(1, 2)[:, :, None]
    assert torch.allclose(put_rows(target, others, rows, 2), maps @ v, rtol=0, atol=1e-14)


def test_values_keep_their_dtype_and_are_not_changed():
    v = torch.randn(1, 2, 4, 3, dtype=torch.bfloat16)
    before = v.clone()
    scaled = scale_text_values(v, torch.full((1, 2, 2), 1.7))
    assert torch.equal(v, before) and scaled.dtype == v.dtype
    assert torch.equal(scaled[:, :, :2], (v[:, :, :2].float() * 1.7).bfloat16())
    assert torch.equal(scaled[:, :, 2:], v[:, :, 2:])


def test_an_attention_without_room_for_an_image_is_none_of_ours():
    assert joint_rows(7, 7) is None
    assert joint_rows(7, 9, (2,)) is None
    assert joint_rows(7, 9) == (slice(7, 9), (slice(0, 7),))


def test_columns_of_a_softmax_by_its_sums_and_by_ones():
    q, k, v = (torch.randn(2, 3, length, 5) for length in (4, 9, 9))
    maps = (q @ k.transpose(-1, -2) * 0.3).softmax(dim=-1)
    sums = log_sum_exp(q, k, 0.3)
    torch.testing.assert_close(column_maps(q, k[:, :, [7, 2]], sums, 0.3), maps[..., [7, 2]])
    assert torch.equal((maps @ one_hot(v, [7, 2]))[..., :2], maps[..., [7, 2]])
