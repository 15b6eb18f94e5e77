"""Laws of Prompt-to-Prompt without a host: mappers, factors and the local blend."""

from __future__ import annotations

import random
from itertools import chain, pairwise

import pytest
import torch

from hrv_pack.hrv.p2p import (
    blend_mask,
    exchange,
    own_values,
    reweight,
    taken_values,
)
from hrv_pack.hrv.text.align import CHUNK, align, common
from hrv_pack.hrv.text.tokens import Token, TokenTable

HEADS, WIDTH, PIXELS = 3, 4, 11


def table(*words, chunks=1):
    """A prompt whose words have the given numbers of tokens: ("red", ("peri", "winkle"))."""
    pieces = [(w,) if isinstance(w, str) else w for w in words]
    flat = [(piece, i == len(w) - 1) for w in pieces for i, piece in enumerate(w)]
    places = [p for c in range(chunks) for p in range(CHUNK * c + 1, CHUNK * c + CHUNK - 1)]
    tokens = tuple(Token(p, *piece) for p, piece in zip(places, flat, strict=False))
    return TokenTable(CHUNK * chunks, tokens)


RED, BLUE = table("a", "red", "cat"), table("a", "blue", "cat")
PERI = table("a", ("peri", "win", "kle"), "cat")


def heads_apart(x):
    return x.unflatten(-1, (HEADS, WIDTH)).transpose(-3, -2)


def attention_map(q, k):
    q, k = heads_apart(q), heads_apart(k)
    return torch.softmax(q @ k.transpose(-1, -2) / WIDTH**0.5, dim=-1)


def times(maps, v):
    return (maps @ heads_apart(v)).transpose(-3, -2).flatten(-2)


def random_qkv(seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = (PIXELS, CHUNK, CHUNK)
    return [
        torch.randn(2, n, HEADS * WIDTH, generator=generator, dtype=torch.float64) for n in sizes
    ]


def edited_output(edit, source, target):
    """M~ V_t as the node computes it: two attention calls with other values."""
    (q_s, k_s, _), (q_t, k_t, v_t) = source, target
    taken = taken_values(v_t, edit.mapper.double(), edit.taken.double())
    own = own_values(v_t, edit.own.double())
    return times(attention_map(q_s, k_s), taken) + times(attention_map(q_t, k_t), own)


def literal_output(source, target, columns):
    """M~ V_t with M~ built column by column; columns(j, M, M*) gives column j (B, h, N)."""
    (q_s, k_s, _), (q_t, k_t, v_t) = source, target
    before, after = attention_map(q_s, k_s), attention_map(q_t, k_t)
    maps = torch.stack([columns(j, before, after) for j in range(CHUNK)], dim=-1)
    return times(maps, v_t)


def assert_equal(found, expected):
    assert (found - expected).norm() < 1e-13 * expected.norm()


@pytest.mark.parametrize("edited", [(2,), (1, 3)])
def test_two_attention_calls_equal_equation_8(edited):
    source, target = random_qkv(0), random_qkv(1)
    r = torch.tensor([-1.0, 0.5, 8.0])
    edit = exchange(align(RED, BLUE, "replace", "corrected"), HEADS, edited, r)
    scale = r.double()[None, :, None]
    columns = lambda j, m, own: scale * own[..., j] if j in edited else m[..., j]  # noqa: E731
    assert_equal(edited_output(edit, source, target), literal_output(source, target, columns))


def test_two_attention_calls_equal_equation_7():
    source, target = random_qkv(2), random_qkv(3)
    edit = exchange(align(RED, BLUE, "replace", "corrected"), HEADS, (2,), None)
    columns = lambda j, m, own: m[..., j]  # noqa: E731
    assert_equal(edited_output(edit, source, target), literal_output(source, target, columns))


@pytest.mark.parametrize("r", [None, torch.tensor([0.0, 1.0, 3.0])])
def test_reweighting_multiplies_the_source_columns(r):
    source, target = random_qkv(4), random_qkv(5)
    edit = reweight(align(RED, RED, "reweight", "corrected"), HEADS, (2, 3), -1.5, r)
    scale = -1.5 * (torch.ones(HEADS) if r is None else r).double()[None, :, None]
    columns = lambda j, m, own: m[..., j] * (scale if j in (2, 3) else 1)  # noqa: E731
    assert_equal(edited_output(edit, source, target), literal_output(source, target, columns))


def test_reweighting_multiplies_new_tokens_own_columns():
    """Of prompts that differ, a token that only the target has keeps its own map."""
    source, target = random_qkv(6), random_qkv(7)
    edit = reweight(align(RED, BLUE, "reweight", "corrected"), HEADS, (2,), 2.5, None)
    columns = lambda j, m, own: 2.5 * own[..., j] if j == 2 else m[..., j]  # noqa: E731
    assert_equal(edited_output(edit, source, target), literal_output(source, target, columns))


def published_replacement(source_words, target_words):
    """What the published code does, word lists of (text, token count), written out as a walk."""
    mapper = torch.zeros(CHUNK, CHUNK)
    starts_s, starts_t, at_s, at_t = [], [], 1, 1
    for (_, n_s), (_, n_t) in zip(source_words, target_words, strict=True):
        starts_s, starts_t = [*starts_s, at_s], [*starts_t, at_t]
        at_s, at_t = at_s + n_s, at_t + n_t
    differ = [
        n for n, (s, t) in enumerate(zip(source_words, target_words, strict=True)) if s[0] != t[0]
    ]
    row = column = 0
    while max(row, column) < CHUNK:
        if differ and row == starts_s[differ[0]]:
            n = differ.pop(0)
            count_s, count_t = source_words[n][1], target_words[n][1]
            for i in range(count_s):
                for j in range(count_t):
                    same = float(i == j) if count_s == count_t else 1 / count_t
                    mapper[row + i, column + j] = same
            row, column = row + count_s, column + count_t
        else:
            mapper[row if differ else column, column] = 1
            row, column = row + 1, column + 1
    return mapper


def words_of(counts):
    return [tuple(f"{name}{i}" for i in range(n)) for name, n in counts]


@pytest.mark.parametrize("seed", range(20))
def test_original_mapper_is_the_published_one(seed):
    rng = random.Random(seed)
    source = [(rng.choice("abcdef"), rng.randint(1, 3)) for _ in range(rng.randint(1, 12))]
    target = [
        s if rng.random() < 0.6 else (rng.choice("uvwxyz"), rng.randint(1, 3)) for s in source
    ]
    found = align(table(*words_of(source)), table(*words_of(target)), "replace", "original")
    assert torch.equal(found.mapper, published_replacement(source, target))


@pytest.mark.parametrize(("source", "target"), [(RED, BLUE), (RED, PERI), (PERI, RED)])
def test_corrected_replacement_loses_no_attention(source, target):
    mapper = align(source, target, "replace", "corrected").mapper
    assert torch.allclose(mapper.sum(dim=1), torch.ones(CHUNK))


@pytest.mark.parametrize("lengths", [(1, 2), (2, 1), (2, 3)])
def test_special_tokens_of_several_chunks_lose_no_attention(lengths):
    pieces = (("x",), ("x", "y"), ("x", "y", "z"))
    source, target = (table(*[pieces[n - 1]] * 70, chunks=n) for n in lengths)
    mapper = align(source, target, "replace", "corrected").mapper
    special = [p for p in range(source.length) if p not in source.semantic]
    assert torch.equal(mapper.sum(dim=1)[special], torch.ones(len(special)))
    assert mapper.shape == (source.length, target.length)
    last = target.length - CHUNK
    end = min(max(p for p in target.semantic if p >= last) + 1, target.length - 1)
    for start in range(target.length, source.length, CHUNK):  # chunks that only the source has
        assert mapper[start, end] == 1


def test_corrected_mapper_follows_the_words():
    mapper = align(RED, PERI, "replace", "corrected").mapper
    assert torch.allclose(mapper[2, 2:5], torch.full((3,), 1 / 3))
    assert mapper[3, 5] == 1 and mapper[4, 6] == 1  # cat, and the end token behind it
    assert mapper[6, 6] == 1 and mapper[7, 7] == 1  # padding: under the text, and beside it


def test_original_and_corrected_agree_on_equal_token_counts():
    kinds = [align(RED, BLUE, "replace", kind).mapper for kind in ("original", "corrected")]
    assert torch.equal(*kinds) and torch.equal(kinds[0], torch.eye(CHUNK))


@pytest.mark.parametrize("kind", ["original", "corrected"])
def test_refining_keeps_common_tokens_and_frees_new_ones(kind):
    longer = table("a", "red", "fluffy", "cat")
    found = align(RED, longer, "refine", kind)
    assert found.new == (3,) and found.changed == ((), (3,))
    assert not found.mapper[:, 3].any()
    assert [int(found.mapper[:, j].argmax()) for j in (0, 1, 2, 4, 5)] == [0, 1, 2, 3, 4]
    shorter = align(longer, RED, "refine", kind)
    assert shorter.new == () and shorter.changed == ((3,), ())


def published_refinement(source_words, target_words):
    """What the published code does: `common` over the token texts, then target positions."""
    source, target = (
        list(chain.from_iterable(source_words)),
        list(chain.from_iterable(target_words)),
    )
    mapper, new = torch.zeros(CHUNK, CHUNK), []
    partner = {j: i for i, j in common(source, target)}
    for j in range(len(target)):
        if j in partner:
            mapper[partner[j] + 1, j + 1] = 1
        else:
            new.append(j + 1)
    mapper[0, 0] = mapper[len(source) + 1, len(target) + 1] = 1
    for j in range(len(target) + 2, CHUNK):
        mapper[j, j] = 1
    return mapper, new


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["original", "corrected"])
def test_refining_is_the_published_one(seed, kind):
    rng = random.Random(seed)
    source, target = ([(rng.choice("abcd"),) for _ in range(rng.randint(0, 9))] for _ in "st")
    found = align(table(*source), table(*target), "refine", kind)
    mapper, new = published_refinement(source, target)
    assert torch.equal(found.mapper, mapper) and list(found.new) == new


@pytest.mark.parametrize("lengths", [(1, 2), (2, 1), (2, 2), (2, 3)])
def test_in_refining_a_token_has_its_own_map_or_that_of_one_source_token(lengths):
    source = table(*["x"] * (70 * lengths[0]), chunks=lengths[0])
    target = table(*["x", "y"] * (35 * lengths[1]), chunks=lengths[1])
    found = align(source, target, "refine", "corrected")
    taken = found.mapper.sum(dim=0)
    assert [p for p in range(target.length) if taken[p] == 0] == sorted(found.new)
    assert set(taken.tolist()) == {0.0, 1.0} and found.mapper.max() == 1
    assert set(found.changed[1]) <= set(target.semantic)


@pytest.mark.parametrize("seed", range(30))
def test_common_tokens_are_a_longest_common_subsequence(seed):
    rng = random.Random(seed)
    left, right = (tuple(rng.choice("abc") for _ in range(rng.randint(0, 7))) for _ in "lr")
    pairs = common(left, right)
    assert all(left[i] == right[j] for i, j in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))

    def longest(x, y):
        if not x or not y:
            return 0
        skipped = max(longest(x[1:], y), longest(x, y[1:]))
        return max(skipped, 1 + longest(x[1:], y[1:])) if x[0] == y[0] else skipped

    assert len(pairs) == longest(left, right)


def test_modes_say_what_they_need():
    with pytest.raises(ValueError, match=r"3 words.*4.*refine"):
        align(RED, table("a", "red", "big", "cat"), "replace", "corrected")
    with pytest.raises(ValueError, match="corrected mapper"):
        align(RED, table("a", chunks=2), "refine", "original")


def test_local_blend_is_the_union_of_both_maps():
    maps = torch.zeros(2, 1, 8, 8)
    maps[0, 0, 1, 1], maps[1, 0, 6, 6], maps[1, 0, 1, 6] = 5.0, 0.1, 0.02
    mask = blend_mask(maps, (16, 16), 0.3)
    expected = torch.zeros(16, 16, dtype=torch.bool)
    expected[0:6, 0:6] = expected[10:16, 10:16] = True  # 3 x 3 around, enlarged twice
    assert torch.equal(mask[0, 0], expected)


@pytest.mark.parametrize("size", [(16, 16), (24, 40)])
def test_the_blend_mask_is_the_published_one_place_by_place(size):
    maps = torch.rand(2, 3, 8, 10, generator=torch.Generator().manual_seed(4)) ** 4
    found = blend_mask(maps, size, 0.3)[:, 0]
    for image in range(3):
        union = torch.zeros(size, dtype=torch.bool)
        for member in range(2):
            heat = maps[member, image].double().tolist()
            around = [
                [max(max(row[max(x - 1, 0) : x + 2]) for row in heat[max(y - 1, 0) : y + 2])
                 for x in range(10)]
                for y in range(8)
            ]  # fmt: skip
            peak = max(map(max, around))
            for y in range(size[0]):
                for x in range(size[1]):
                    near = around[y * 8 // size[0]][x * 10 // size[1]]
                    union[y, x] |= near / peak > 0.3
        assert torch.equal(found[image], union)


def test_words_without_a_map_blend_nothing():
    assert not blend_mask(torch.zeros(2, 3, 4, 4), (8, 8), 0.0).any()
