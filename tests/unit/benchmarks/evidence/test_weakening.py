"""Ordered weakening and single heads: an effect, none, and the opposite, of made-up rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrv_pack.benchmarks.evidence.weakening import prompts
from hrv_pack.benchmarks.evidence.weakening.batches import TOKENS
from hrv_pack.benchmarks.evidence.weakening.curves import PLAIN, Way, areas, mean_of, outcomes
from hrv_pack.benchmarks.evidence.weakening.orders import SHARES, settings
from hrv_pack.benchmarks.evidence.weakening.prompts import WEAKENED
from hrv_pack.benchmarks.evidence.weakening.single_heads import sureness
from hrv_pack.benchmarks.evidence.weakening.summary import summarise
from hrv_pack.demo.judge import NOTHING, Seen, Verdict
from hrv_pack.demo.world import GROUPS, OBJECTS, Object, Scene

HEADS, PROMPTS = 10, 24
ATTRIBUTE = WEAKENED[len(GROUPS)]
"""A concept that every prompt names."""
VALUES = ("one", "two", "three", "four")


def named(place: int) -> dict[str, Any]:
    """Groups and values take turns; every second group's word is held out."""
    group = tuple(GROUPS)[place % len(GROUPS)]
    wanted = {group: group, **dict.fromkeys(WEAKENED[len(GROUPS) :], VALUES[place % 4])}
    return {
        "prompt": str(place),
        "wanted": wanted,
        "unseen": [group] if place < PROMPTS // 2 else [],
    }


def image(place: int, gone: tuple[str, ...] = (), default: str = "") -> dict[str, list[str]]:
    """All that the prompt names but for `gone`, which show `default`."""
    shown = {concept: [value] for concept, value in named(place)["wanted"].items()}
    nothing = {concept: [default] * bool(default) for concept in gone}
    return {**{group: [] for group in GROUPS}, **shown, **nothing}


def rows(source: str, early: str, loses: tuple[str, ...], default: str = "") -> list[Any]:
    """One row of the source; its concepts are gone at once in the order `early`, at the end in the
    other; those in `loses` go in any concept's order."""
    found = []
    for setting in settings(source, 0, [0.1], HEADS):  # type: ignore[arg-type]
        gone: tuple[str, ...] = ()
        if setting.count == HEADS:
            gone = WEAKENED
        elif setting.order == early:
            gone = (setting.concept, *loses)
        elif setting.order == "reversed":
            gone = (ATTRIBUTE,)
        images = [image(place, gone, default) for place in range(PROMPTS)]
        found.append({**vars(setting), "seen": images})
    listed = [named(place) for place in range(PROMPTS)]
    return [{"source": source, "number": 0, "heads": HEADS, "prompts": listed, "settings": found}]


def random_rows() -> list[Any]:
    return rows("random", "none", ())


class TestFloor:
    def test_what_is_drawn_anyway_counts_nothing(self) -> None:
        found = outcomes([*random_rows(), *rows("voted", "MoRHF", (), default="one")])
        weakened = Way("voted", ATTRIBUTE, "MoRHF", 1)
        # All images show "one": right for the prompts that name it, and so is the floor.
        assert [image[0][ATTRIBUTE] for image in found.seen[weakened].values()] == [
            ["one"]
        ] * PROMPTS
        np.testing.assert_allclose(found.left(weakened, ATTRIBUTE), 0)
        np.testing.assert_allclose(found.left(PLAIN, ATTRIBUTE), 1)

    def test_a_concept_that_a_prompt_does_not_name_has_no_presence_there(self) -> None:
        left = outcomes(random_rows()).left(PLAIN, next(iter(GROUPS)))
        absent = [place % len(GROUPS) != 0 for place in range(PROMPTS)]
        np.testing.assert_array_equal(np.isnan(left), absent)


class TestAreas:
    def test_areas_are_those_under_the_lines(self) -> None:
        found = outcomes([*random_rows(), *rows("voted", "MoRHF", ())])
        one = areas(found, "voted", ATTRIBUTE)
        # One of ten heads: LeRHF keeps 1 until 0.1 and falls to 0 at 1, MoRHF falls at once.
        np.testing.assert_allclose(one.orders, 0.5)
        np.testing.assert_allclose(one.drawn, -0.5)  # reversed falls at once, the order does not
        np.testing.assert_allclose(one.random, 0.25)
        np.testing.assert_allclose(one.own, 1)  # nothing is lost in the orders of the others
        np.testing.assert_allclose(one.beside, 1)  # and of the others nothing in its own

    def test_a_concept_that_goes_in_every_order_has_no_order_of_its_own(self) -> None:
        found = outcomes([*random_rows(), *rows("voted", "MoRHF", (ATTRIBUTE,))])
        np.testing.assert_allclose(areas(found, "voted", ATTRIBUTE).own, 0)


class TestIntervals:
    def test_few_prompts_that_are_all_alike_prove_nothing(self) -> None:
        few, many = (mean_of(np.full(count, 0.5)) for count in (3, 12))
        assert few[0] == many[0] == 0.5
        assert few[1][0] < 0 < many[1][0]

    def test_prompts_that_do_not_name_the_concept_do_not_count(self) -> None:
        values = np.array([0.2, np.nan, 0.4, np.nan])
        assert mean_of(values) == mean_of(values[::2])


class TestSentences:
    def test_each_source_is_judged_by_the_rule(self) -> None:
        found = [*random_rows(), *rows("voted", "LeRHF", ()), *rows("measured", "MoRHF", ())]
        summary = summarise(found, [])
        votes, measured = summary.sentence.split("; By ")
        assert votes.startswith("By votes 0 of 9 as in the paper (against the paper: ")
        assert measured.startswith("measured vectors 9 of 9 as in the paper")
        told = " ".join(summary.findings)
        assert "Measured vectors order the heads better than votes: mean area +1.00" in told
        assert "By measured vectors a concept loses more in its own order" in told
        assert "those of the others for 9 of 9; in its own order" in told
        assert "Mean loss 100 points in the own order, 0 in another." in told
        assert "no concept-words (table 5's asterisks): as in the paper, area +0.50" in told

    def test_better_than_reversed_and_not_than_random_is_weaker(self) -> None:
        found = [*random_rows(), *rows("voted", "MoRHF", ())]
        for setting in found[0]["settings"]:
            if 0 < setting["count"] < HEADS:
                setting["seen"] = [image(place, WEAKENED) for place in range(PROMPTS)]
        sentence = summarise(found, []).sentence
        assert sentence.startswith("By votes 0 of 9 as in the paper (weaker than in the paper: ")

    def test_special_tokens_are_told_when_they_were_tried(self) -> None:
        summary = summarise([*random_rows(), *rows("voted", "MoRHF", ())], [])
        (told,) = (text for text in summary.findings if "special tokens" in text)
        assert all(f"{tokens} 0.00 [" in told for tokens in TOKENS)

    def test_no_rows_are_an_error(self) -> None:
        with pytest.raises(ValueError, match="No prompt is done"):
            summarise([], [])


class TestSpecificity:
    """What is left of the others by measured vectors with and without what all share."""

    @pytest.mark.parametrize(
        ("measured", "spared", "said"),
        [
            # without the shared direction only the concept goes
            (WEAKENED, (), "makes weakening more selective: "),
            ((), WEAKENED, "makes weakening less selective: "),
            ((), (), "makes no clear difference to what is lost beside: "),
        ],
    )
    def test_the_gap_between_the_others_and_the_concept_decides(
        self, measured: tuple[str, ...], spared: tuple[str, ...], said: str
    ) -> None:
        found = [
            *random_rows(),
            *rows("voted", "MoRHF", ()),
            *rows("measured", "MoRHF", measured),
            *rows("specific", "MoRHF", spared),
        ]
        summary = summarise(found, [])
        (told,) = (text for text in summary.findings if text.startswith("Sparing the other"))
        assert said in told
        (table,) = (one for one in summary.tables if one["title"].startswith("Most relevant"))
        left = {(): "0% / 100%", WEAKENED: "0% / 0%"}
        assert table["rows"][-1] == ["mean", "10%", left[()], left[measured], left[spared]]

    def test_a_concept_that_stays_with_the_others_gains_nothing(self) -> None:
        found = [*random_rows(), *rows("voted", "MoRHF", ()), *rows("measured", "MoRHF", WEAKENED)]
        kept = rows("specific", "never", ())  # nothing is lost at all, the concept neither
        (told,) = (t for t in summarise([*found, *kept], []).findings if t.startswith("Sparing"))
        assert "no clear difference" in told and "the gap between both +0.0 points" in told

    def test_it_is_not_told_before_it_was_tried(self) -> None:
        found = [*random_rows(), *rows("voted", "MoRHF", ()), *rows("measured", "MoRHF", ())]
        summary = summarise(found, [])
        assert not any(text.startswith("Sparing") for text in summary.findings)
        assert summary.data["specific"] == {}


class TestPrompts:
    def test_a_batch_names_every_group_and_value_about_equally_often(self) -> None:
        for number in range(4):
            listed = [prompts.named(one) for one in prompts.batch(number, 5)]
            for concept in GROUPS:
                assert sum(concept in one["wanted"] for one in listed) == prompts.EACH
            for concept in WEAKENED[len(GROUPS) :]:
                values = [one["wanted"][concept] for one in listed]
                counts = [values.count(value) for value in set(values)]
                assert max(counts) - min(counts) <= 1 + len(values) % len(counts)

    def test_every_second_batch_takes_words_held_out_from_the_hrv(self) -> None:
        for number, held in ((0, False), (1, True), (2, False)):
            for one in map(prompts.named, prompts.batch(number, 5)):
                assert bool(set(one["unseen"]) & set(GROUPS)) is held


def test_random_orders_are_reversed_and_differ_from_batch_to_batch() -> None:
    share = SHARES["full"][:1]
    drawn = [[s for s in settings("random", n, share, 100) if 0 < s.count < 100] for n in (0, 1)]
    for each in drawn:
        forth, back = ({s.seed for s in each if s.order == o} for o in ("random", "reversed"))
        assert forth == back
    assert not {s.seed for s in drawn[0]} & {s.seed for s in drawn[1]}


def alone_row(relevance: list[float]) -> dict[str, Any]:
    """Of 40 heads the third to fifth carry Color; Weather loses nothing."""
    lost = {"Color": [0.0, 0.0, 0.9, 0.8, 0.7, 0.1] + [0.0] * 34, "Weather Conditions": [0.0] * 40}
    known = {"Color": relevance, "Weather Conditions": [1.0] * 40}
    return {"prompts": [{"prompt": "", "lost": lost}], "vectors": {"voted": known}}


class TestSingleHeads:
    @pytest.mark.parametrize(
        ("first", "said", "cells"),
        [
            (range(2, 6), "do for Color 100%; not", ["100%", "0.000", "90 points, head 1 "]),
            (range(9, 13), "do for none; not", ["0%", "1.000", "90 points, head 5 "]),
            # One of the three is in every fourth random tenth.
            ((4, 20, 21, 22), "do for none; not", ["28%", "0.2", "90 points, head 5 "]),
        ],
    )
    def test_the_most_relevant_tenth_against_random_heads(
        self, first: Any, said: str, cells: list[str]
    ) -> None:
        vector = [float(head in first) for head in range(40)]
        alone: Any = [alone_row(vector) for _ in range(6)]
        summary = summarise([*random_rows(), *rows("voted", "MoRHF", ())], alone)
        assert said in summary.findings[-1]
        assert "Weather Conditions 0%" in summary.findings[-1]
        _, _, _, taken, random, most = summary.tables[-1]["rows"][0]
        told = zip((taken, random, most), cells, strict=True)
        assert all(cell.startswith(start) for cell, start in told)


def test_an_objects_attributes_go_with_the_object() -> None:
    def thing(nothing: float) -> Seen:
        shares = dict.fromkeys(OBJECTS, 0.0)
        shares |= {"cat": 0.9 - nothing, "fish": 0.1, NOTHING: nothing}
        rest = {"colour": {"red": 0.8}, "pattern": {"plain": 1.0}, "size": {"large": 0.5}}
        return Seen("cat", "red", "plain", "large", {"object": shares, **rest})

    scene = Scene((Object("cat", "red", "plain", "large"),), "rain", "ink")
    whole = {"weather": {"rain": 0.7}, "style": {"ink": 0.6}}
    names = {"Color": "colour", "Size": "size", "Weather Conditions": "weather"}
    sure, unsure = (
        sureness(scene, Verdict(thing(n), thing(1.0), "", "", whole), names) for n in (0.0, 0.4)
    )
    assert sure == pytest.approx(
        {"Animals": 1.0, "Color": 0.8, "Size": 0.5, "Weather Conditions": 0.7}
    )
    assert unsure == pytest.approx(
        {"Animals": 0.6, "Color": 0.48, "Size": 0.3, "Weather Conditions": 0.7}
    )
