"""Laws of orders of heads, and of heads chosen by relevance or by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from head_tables import SD1

from hrv_pack.hrv.head_choice import first_heads, head_order, named_heads, top_heads
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance

TABLE = HeadTable((("down", 0, 4), ("down", 1, 4), ("mid", 0, 4), ("up", 0, 4), ("up", 1, 2)))


def relevance() -> HeadRelevance:
    drawn = torch.rand(3, len(TABLE), generator=torch.Generator().manual_seed(5)) ** 4
    return HeadRelevance(
        concepts=tuple(f"Concept {i}" for i in range(3)),
        words=(("one", "two"),) * 3,
        heads=TABLE,
        vectors=drawn * (len(TABLE) / drawn.sum(dim=1, keepdim=True)),
    )


def test_orders_are_stable_and_reversed():
    vector = torch.tensor([1.0, 3.0, 0.0, 3.0, 1.0, 0.0])
    assert head_order(vector, "MoRHF").tolist() == [1, 3, 0, 4, 2, 5]
    assert head_order(vector, "LeRHF").tolist() == [5, 2, 4, 0, 3, 1]
    ties = torch.zeros(500)
    assert head_order(ties, "MoRHF").tolist() == list(range(500))


def test_random_order_follows_the_seed_alone():
    state = torch.get_rng_state()
    first = head_order(torch.ones(50), "random", seed=3)
    assert torch.equal(first, head_order(torch.zeros(50), "random", seed=3))
    assert sorted(first.tolist()) == list(range(50))
    assert not torch.equal(first, head_order(torch.zeros(50), "random", seed=4))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_wrong_order_is_an_error():
    with pytest.raises(ValueError, match="MoRHF, LeRHF or random"):
        head_order(torch.rand(4), "best")
    with pytest.raises(ValueError, match="one HRV"):
        head_order(torch.rand(2, 4), "MoRHF")


def test_top_heads_are_the_largest_in_order_ties_in_table_order() -> None:
    values = relevance()
    vectors = values.vectors.clone()
    vectors[0] = 1
    tied = replace(values, vectors=vectors)
    assert [h for h, _ in top_heads(tied, "Concept 0", 18)] == list(TABLE)
    row = values.vectors[2].double().tolist()
    literal = sorted(range(18), key=lambda i: -row[i])[:5]
    assert top_heads(values, "concept 2", 5) == [(TABLE[i], row[i]) for i in literal]


@pytest.mark.parametrize("k", [0, 19, -1])
def test_more_heads_than_the_model_has_are_an_error(k: int) -> None:
    with pytest.raises(ValueError, match="18 heads"):
        top_heads(relevance(), "Concept 0", k)


def test_first_heads_of_both_orders():
    vector = torch.tensor([3.0, 0.0, 1.0, 2.0])
    assert first_heads(vector, "MoRHF", 2).tolist() == [True, False, False, True]
    assert first_heads(vector, "LeRHF", 1).tolist() == [False, True, False, False]
    with pytest.raises(ValueError, match="choose 1 to 4"):
        first_heads(vector, "MoRHF", 5)


def test_names_of_heads():
    def listed(text):
        return {SD1.names[i] for i in named_heads(text, SD1).nonzero().flatten().tolist()}

    assert listed("m") == {f"mid, layer: 0, head: {h}" for h in range(8)}
    assert listed("d4.2-5") == {f"down, layer: 4, head: {h}" for h in range(2, 6)}
    assert listed("u0-3.*") == {f"up, layer: {n}, head: {h}" for n in range(4) for h in range(8)}
    assert listed("U*.7; down0.0") == {f"up, layer: {n}, head: 7" for n in range(9)} | {
        "down, layer: 0, head: 0"
    }
    assert listed("d m u") == set(SD1.names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("u9", "up has layers 0 to 8; found 9"),
        ("u3-9.*", "up has layers 0 to 8; found 3-9"),
        ("d4.2-8", "down layer 4 has heads 0 to 7; found 2-8"),
        ("d4.5-2", "down layer 4 has heads 0 to 7; found 5-2"),
        ("m1", "mid has layers 0 to 0"),
        ("x3", "names no heads"),
        (" , ", "Name some heads"),
    ],
)
def test_wrong_names_say_what_there_is(text, message):
    with pytest.raises(ValueError, match=message):
        named_heads(text, SD1)
