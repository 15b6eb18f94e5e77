"""Voting equals a literal float64 Algorithm 1, and draws follow their names alone."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.construct.algorithm import (
    WHOLE,
    WordLayout,
    draw_words,
    logit_scale,
    mean_attention,
    relevance_scores,
    scaled_keys,
    votes,
)
from hrv_pack.hrv.construct.concepts import ConceptWords
from hrv_pack.hrv.construct.scales import HeadScales
from hrv_pack.hrv.heads import HeadTable

HEADS, WIDTH, PIXELS, BATCH = 4, 8, 25, 3
WORDS = ConceptWords(
    ("Color", "Animals", "Weather"), (("sky blue", "red"), ("cat",), ("rain", "hail storm", "snow"))
)
LENGTHS = ((2, 1), (1,), (1, 3, 1))  # the longest word of a concept is not its last
TABLE = HeadTable((("down", 0, HEADS), ("up", 0, HEADS), ("up", 1, HEADS)))
SPAN = TABLE.span("up", 1)


def _bank(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Queries (B, h, P, d), and keys of all words and last a start token's, (K + 1, h, d)."""
    generator = torch.Generator().manual_seed(seed)
    q = torch.randn(BATCH, HEADS, PIXELS, WIDTH, generator=generator) * 2
    count = sum(map(sum, LENGTHS)) + 1
    return q, torch.randn(count, HEADS, WIDTH, generator=generator)


def _draws(recipe: str, prompts=range(BATCH), evaluation: int = 0) -> torch.Tensor:
    """Draws of one layer, (B, N, h)."""
    drawn = [draw_words(WORDS, TABLE, recipe, 22, p, evaluation)[:, SPAN] for p in prompts]
    return torch.stack(drawn)


def _scores(q, keys, draws, start=False) -> torch.Tensor:
    drawn = WordLayout(LENGTHS, start).place(draws)
    attended = mean_attention(q, scaled_keys(keys.flatten(1), HEADS), drawn)
    return relevance_scores(attended, drawn)


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
    q, keys = _bank(seed)
    draws = _draws(recipe, evaluation=seed)
    found = _scores(q, keys, draws, recipe == "authors")
    expected = _literal_scores(q, keys, draws, keys[-1] if recipe == "authors" else None)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=2e-6, atol=1e-7)
    assert torch.equal(votes(found).sum(dim=0), _literal_votes(expected))


def test_the_start_token_takes_part_of_the_softmax():
    """Without it the tokens of the drawn words share everything; with it they share the rest."""
    q, keys = _bank(1)
    draws = _draws("authors")
    count = torch.tensor(
        [[[LENGTHS[n][int(w)] for w in row] for n, row in enumerate(drawn)] for drawn in draws]
    )
    alone = (_scores(q, keys, draws) * count).sum(dim=1)
    torch.testing.assert_close(alone, torch.ones_like(alone))
    beside = (_scores(q, keys, draws, start=True) * count).sum(dim=1)
    assert bool(((beside > 0) & (beside < 0.99)).all())


def test_rows_of_a_batch_do_not_mix():
    q, keys = _bank(2)
    draws = _draws("paper")
    whole = _scores(q, keys, draws)
    for b in range(BATCH):
        alone = _scores(q[b : b + 1], keys, draws[b : b + 1])
        torch.testing.assert_close(alone[0], whole[b], rtol=1e-6, atol=1e-7)


def test_half_precision_queries_are_scored_in_float32():
    q, keys = _bank(3)
    draws = _draws("paper")
    expected = _scores(q.half().float(), keys.half().float(), draws)
    assert torch.equal(_scores(q.half(), keys.half(), draws), expected)


def test_draws_do_not_depend_on_the_batch_or_on_other_random_numbers():
    together = _draws("paper", range(8))
    torch.manual_seed(5)
    state = torch.get_rng_state()
    for prompt in reversed(range(8)):
        assert torch.equal(_draws("paper", [prompt])[0], together[prompt])
    assert torch.equal(torch.get_rng_state(), state)


def test_draws_differ_by_seed_prompt_evaluation_and_layer():
    many = ConceptWords(("a", "b"), (tuple("abcdefghij"),) * 2)
    wide = HeadTable((("down", 0, 40), ("up", 0, 40), ("up", 1, 40)))
    drawn = [
        draw_words(many, wide, "paper", *names)[:, span]
        for names in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
        for span in (slice(0, 40), slice(40, 80), slice(80, 120))
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
    assert votes(scores).tolist() == [[[1, 0], [0, 1], [0, 0]]]
    tied = torch.full((5, 3, 2), 0.25)
    assert votes(tied).sum(dim=0).tolist() == [[5, 5], [0, 0], [0, 0]]


def test_scores_that_are_not_finite_give_no_vote():
    scores = torch.tensor([[[0.3, 0.2], [float("nan"), 0.1]]])
    assert votes(scores).tolist() == [[[0, 1], [0, 0]]]


def test_wrong_words_are_an_error():
    with pytest.raises(ValueError, match="at least one word for: b"):
        ConceptWords(("a", "b"), (("x",), ()))
    with pytest.raises(ValueError, match="at least two"):
        ConceptWords(("a",), (("x",),))
    with pytest.raises(ValueError, match="found 1 lists"):
        ConceptWords(("a", "b"), (("x",),))
    with pytest.raises(ValueError, match="needs a token"):
        WordLayout(((0,), (3,)))
    with pytest.raises(ValueError, match="'paper' or 'authors'"):
        draw_words(WORDS, TABLE, "mine", 0, 0, 0)


def test_large_layers_are_scored_in_parts(monkeypatch):
    q, keys = _bank(3)
    draws = _draws("paper")
    whole = _scores(q, keys, draws)
    monkeypatch.setattr("hrv_pack.hrv.construct.algorithm._LARGEST", 1)
    torch.testing.assert_close(_scores(q, keys, draws), whole, rtol=1e-6, atol=1e-7)


SCORES = torch.tensor([[[0.5, 0.2], [0.3, 0.2], [0.1, 0.6]]])


def test_the_rules_count_a_vote_the_scores_or_the_highest_score():
    assert votes(SCORES).tolist() == [[[1, 0], [0, 0], [0, 1]]]
    counted = votes(SCORES, "sum").double() / WHOLE
    assert (counted - SCORES).abs().max() < 1e-6
    highest = votes(SCORES, "maximum").double() / WHOLE
    assert (highest - torch.tensor([[[0.5, 0], [0, 0], [0, 0.6]]])).abs().max() < 1e-6


@pytest.mark.parametrize("rule", ["sum", "maximum"])
def test_scores_that_are_not_finite_count_nothing(rule):
    scores = torch.tensor([[[0.3, 0.25], [float("nan"), 0.5]]])
    assert votes(scores, rule)[..., 0].tolist() == [[0, 0]]
    assert votes(scores, rule)[0, 1, 1] == WHOLE // 2


@pytest.mark.parametrize("seed", range(2))
def test_the_maximum_is_of_the_concept_that_gets_the_vote_and_the_sum_has_every_score(seed):
    q, keys = _bank(seed)
    scores = _scores(q, keys, _draws("paper"))
    maximum, one = votes(scores, "maximum"), votes(scores)
    assert torch.equal(maximum > 0, one > 0)
    assert torch.equal(maximum, votes(scores, "sum") * one)


@pytest.mark.parametrize("seed", range(2))
def test_the_scale_is_the_mean_of_literal_logits(seed):
    q, keys = _bank(seed)
    draws = _draws("paper", evaluation=seed)
    drawn = WordLayout(LENGTHS).place(draws)
    found = logit_scale(q, scaled_keys(keys.flatten(1), HEADS), drawn)
    for row in range(len(q)):
        for head in range(HEADS):
            words = [_key_rows(n, int(draws[row, n, head])) for n in range(len(LENGTHS))]
            logits = [
                (q[row, head, pixel].double() @ keys[key, head].double()).abs() / WIDTH**0.5
                for pixel in range(PIXELS)
                for rows in words
                for key in rows
            ]
            assert torch.isclose(found[row, head].double(), torch.stack(logits).mean(), rtol=1e-5)


def test_scales_are_averaged_and_told_from_the_largest_to_the_smallest():
    scales = HeadScales.none(TABLE)
    assert scales.summary() == "" and not scales.mean.any()
    looks = torch.rand(4, len(TABLE)) + 1
    looks[:, 5], looks[:, 2] = 8.0, 0.5
    scales.add(looks[:1])
    scales.add(looks[1:])
    assert (scales.mean - looks.double().mean(dim=0)).abs().max() < 1e-6
    told = scales.summary()
    assert f"{TABLE.names[5]}: 8, " in told and told.endswith("largest over smallest 16")
    assert f"{TABLE.names[2]}: 0.5; " in told
