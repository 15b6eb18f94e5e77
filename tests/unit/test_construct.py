"""Voting equals a literal float64 Algorithm 1, and draws follow their names alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hrv_pack.hrv.construct import (
    ConceptWords,
    VoteTally,
    WordKeys,
    draw_words,
    relevance_scores,
    votes,
)
from hrv_pack.hrv.heads import CrossAttentionLayer, HeadTable
from hrv_pack.hrv.relevance import normalise_votes

HEADS, WIDTH, PIXELS, BATCH = 4, 8, 25, 3
WORDS = ConceptWords(
    ("Color", "Animals", "Weather"), (("red", "sky blue"), ("cat",), ("rain", "snow", "hail storm"))
)
LENGTHS = ((1, 2), (1,), (1, 1, 3))
LAYER = CrossAttentionLayer("up", 1, HEADS, ("output", 4), 0, nn.Identity())


def _bank(seed: int) -> tuple[torch.Tensor, WordKeys, torch.Tensor]:
    """Queries (B, h, P, d), keys of all words, and a start token's key (h, d)."""
    generator = torch.Generator().manual_seed(seed)
    q = torch.randn(BATCH, HEADS, PIXELS, WIDTH, generator=generator) * 2
    keys = torch.randn(sum(map(sum, LENGTHS)), HEADS, WIDTH, generator=generator)
    return q, WordKeys(keys, LENGTHS), torch.randn(HEADS, WIDTH, generator=generator)


def _draws(recipe: str, prompts=range(BATCH), evaluation: int = 0) -> torch.Tensor:
    drawn = [draw_words(WORDS, LAYER, recipe, 22, p, evaluation) for p in prompts]
    return torch.stack(drawn)


def _key_rows(concept: int, word: int) -> list[int]:
    """Rows of a word in the list of all keys, counted one by one."""
    row, rows = 0, []
    for n, lengths in enumerate(LENGTHS):
        for w, length in enumerate(lengths):
            for _ in range(length):
                if (n, w) == (concept, word):
                    rows.append(row)
                row += 1
    return rows


def _literal_scores(q, keys, draws, sot_key=None) -> torch.Tensor:
    """Algorithm 1 line by line in float64, (B, N, h)."""
    scores = torch.zeros(BATCH, len(LENGTHS), HEADS, dtype=torch.float64)
    for b in range(BATCH):
        for h in range(HEADS):
            words = [_key_rows(n, int(draws[b, n, h])) for n in range(len(LENGTHS))]
            listed = [row for rows in words for row in rows]
            for pixel in range(PIXELS):
                query = q[b, h, pixel].double()
                weight = {row: (query @ keys[row, h].double() / WIDTH**0.5).exp() for row in listed}
                total = sum(weight.values())
                if sot_key is not None:
                    total = total + (query @ sot_key[h].double() / WIDTH**0.5).exp()
                for n, rows in enumerate(words):
                    for row in rows:
                        scores[b, n, h] += weight[row] / total / len(rows) / PIXELS
    return scores


def _literal_votes(scores: torch.Tensor) -> torch.Tensor:
    counted = torch.zeros(len(LENGTHS), HEADS, dtype=torch.int64)
    for row in scores.tolist():
        for h in range(HEADS):
            column = [row[n][h] for n in range(len(LENGTHS))]
            counted[column.index(max(column)), h] += 1
    return counted


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("recipe", ["paper", "authors"])
def test_votes_equal_the_literal_algorithm(recipe, seed):
    q, bank, sot_key = _bank(seed)
    sot = sot_key if recipe == "authors" else None
    draws = _draws(recipe, evaluation=seed)
    found = relevance_scores(q, bank, draws, sot)
    expected = _literal_scores(q, bank.keys, draws, sot)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=2e-6, atol=1e-7)
    assert torch.equal(votes(found), _literal_votes(expected))


def test_the_start_token_takes_part_of_the_softmax():
    """Without it the tokens of the drawn words share everything; with it they share the rest."""
    q, bank, sot_key = _bank(1)
    draws = _draws("authors")
    count = torch.tensor(
        [[[LENGTHS[n][int(w)] for w in row] for n, row in enumerate(drawn)] for drawn in draws]
    )
    alone = (relevance_scores(q, bank, draws) * count).sum(dim=1)
    torch.testing.assert_close(alone, torch.ones_like(alone))
    beside = (relevance_scores(q, bank, draws, sot_key) * count).sum(dim=1)
    assert bool(((beside > 0) & (beside < 0.99)).all())


def test_rows_of_a_batch_do_not_mix():
    q, bank, _ = _bank(2)
    draws = _draws("paper")
    whole = relevance_scores(q, bank, draws)
    for b in range(BATCH):
        alone = relevance_scores(q[b : b + 1], bank, draws[b : b + 1])
        torch.testing.assert_close(alone[0], whole[b], rtol=1e-6, atol=1e-7)


def test_half_precision_queries_are_scored_in_float32():
    q, bank, _ = _bank(3)
    half = WordKeys(bank.keys.half(), LENGTHS)
    draws = _draws("paper")
    expected = relevance_scores(q.half().float(), WordKeys(half.keys.float(), LENGTHS), draws)
    assert torch.equal(relevance_scores(q.half(), half, draws), expected)


def test_draws_do_not_depend_on_the_batch_or_on_other_random_numbers():
    together = _draws("paper", range(8))
    torch.manual_seed(5)
    state = torch.get_rng_state()
    for prompt in reversed(range(8)):
        assert torch.equal(_draws("paper", [prompt])[0], together[prompt])
    assert torch.equal(torch.get_rng_state(), state)


def test_draws_differ_by_seed_prompt_evaluation_and_layer():
    many = ConceptWords(("a", "b"), (tuple("abcdefghij"),) * 2)
    wide = CrossAttentionLayer("up", 1, 40, ("output", 4), 0, nn.Identity())
    down = CrossAttentionLayer("down", 1, 40, ("input", 4), 0, nn.Identity())
    next_layer = CrossAttentionLayer("up", 2, 40, ("output", 5), 0, nn.Identity())
    drawn = [
        draw_words(many, wide, "paper", 0, 0, 0),
        draw_words(many, wide, "paper", 1, 0, 0),
        draw_words(many, wide, "paper", 0, 1, 0),
        draw_words(many, wide, "paper", 0, 0, 1),
        draw_words(many, down, "paper", 0, 0, 0),
        draw_words(many, next_layer, "paper", 0, 0, 0),
    ]
    assert len({tuple(d.flatten().tolist()) for d in drawn}) == len(drawn)


def test_authors_draw_once_for_a_layer_and_the_paper_for_each_head():
    shared = _draws("authors", range(40))
    assert torch.equal(shared, shared[..., :1].expand_as(shared))
    assert bool((_draws("paper", range(40)) != shared[..., :1]).any())
    own = _draws("paper", range(40))
    assert bool((own[:, 2] != own[:, 2, :1]).any())


@pytest.mark.parametrize("recipe", ["paper", "authors"])
def test_draws_are_uniform(recipe):
    drawn = _draws(recipe, range(1500))[..., 0]
    for n, words in enumerate(WORDS.words):
        share = torch.bincount(drawn[:, n], minlength=len(words)) / len(drawn)
        assert len(share) == len(words)
        # Four standard deviations of a share of 1500 draws are at most 0.052.
        even = torch.full_like(share, 1 / len(words))
        torch.testing.assert_close(share, even, atol=0.052, rtol=0)


def test_a_shared_word_votes_for_the_first_concept():
    scores = torch.tensor([[[0.3, 0.1], [0.3, 0.4], [0.2, 0.4]]])
    assert votes(scores).tolist() == [[1, 0], [0, 1], [0, 0]]
    tied = torch.full((5, 3, 2), 0.25)
    assert votes(tied).tolist() == [[5, 5], [0, 0], [0, 0]]


def test_scores_that_are_not_finite_are_an_error():
    with pytest.raises(ValueError, match="float32"):
        votes(torch.tensor([[[0.3], [float("nan")]]]))


def test_every_head_votes_once_per_row_and_shard_sums_equal_the_whole():
    table = HeadTable((("down", 0, HEADS), ("up", 0, HEADS), ("up", 1, HEADS)))
    layers = [
        CrossAttentionLayer(place, n, heads, ("input", 0), 0, nn.Identity())
        for place, n, heads in table.layers
    ]
    whole = VoteTally(WORDS.concepts, table)
    shards = [VoteTally(WORDS.concepts, table) for _ in range(2)]
    for turn in range(12):
        q, bank, _ = _bank(turn)
        for layer in layers:
            counted = votes(relevance_scores(q.roll(layer.layer, 0), bank, _draws("paper")))
            for tally in (whole, shards[turn % 2]):
                tally.add(layer, counted)
    assert set(whole.votes.sum(dim=0).tolist()) == {12 * BATCH}
    shards[0].merge(shards[1])
    assert torch.equal(shards[0].votes, whole.votes)
    assert torch.equal(shards[0].vectors(), normalise_votes(whole.votes))


def test_a_layer_counts_at_its_own_heads():
    table = HeadTable((("down", 0, 2), ("up", 0, 2), ("up", 1, HEADS)))
    tally = VoteTally(("a", "b"), table)
    tally.add(LAYER, torch.ones(2, HEADS, dtype=torch.int64))
    assert tally.votes.tolist() == [[0] * 4 + [1] * HEADS] * 2


def test_tallies_of_other_concepts_or_models_do_not_merge():
    table, other = HeadTable((("up", 0, 2),)), HeadTable((("up", 0, 3),))
    tally = VoteTally(("a", "b"), table)
    for stranger in (VoteTally(("b", "a"), table), VoteTally(("a", "b"), other)):
        with pytest.raises(ValueError, match="same concepts in the same order"):
            tally.merge(stranger)


def test_concepts_without_votes_are_named_by_the_tally():
    tally = VoteTally(("a", "b"), HeadTable((("up", 0, 1),)))
    with pytest.raises(ValueError, match="'a' won no vote"):
        tally.vectors()


def test_wrong_words_are_an_error():
    with pytest.raises(ValueError, match="at least one word for: b"):
        ConceptWords(("a", "b"), (("x",), ()))
    with pytest.raises(ValueError, match="at least two"):
        ConceptWords(("a",), (("x",),))
    with pytest.raises(ValueError, match="found 1 lists"):
        ConceptWords(("a", "b"), (("x",),))
    with pytest.raises(ValueError, match="4 tokens in 2 words, 3 keys"):
        WordKeys(torch.zeros(3, 1, 1), ((1,), (3,)))
    with pytest.raises(ValueError, match="needs a token"):
        WordKeys(torch.zeros(3, 1, 1), ((0,), (3,)))
    with pytest.raises(ValueError, match="'paper' or 'authors'"):
        draw_words(WORDS, LAYER, "mine", 0, 0, 0)
