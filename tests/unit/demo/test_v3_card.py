"""What the card of the demo model says is taken from the training and from counted images."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace

import pytest

from hrv_pack.demo.v3.training.card import history_table
from hrv_pack.demo.v3.training.scoring import NAMED, Score, outcome, reading_prompt
from hrv_pack.demo.v3.training.unet import Settings
from hrv_pack.demo.v3.world.words import HINTS, MEANINGS


def test_the_history_tells_each_change_of_settings_and_when() -> None:
    first, then = Settings(lone_until=60_000), Settings(lone_until=60_000, decay_from=80_000)
    history = [
        {"pictures": 0, "seconds": 0, "settings": asdict(first)},
        {"pictures": 90_000, "seconds": 7200, "settings": asdict(then)},
    ]
    rows = history_table(history).splitlines()[2:]
    assert rows == [
        "| 0 | 0.0 h | lone_until 60000 |",
        "| 90,000 | 2.0 h | decay_from 80000 |",
    ]
    assert history_table([history[0] | {"settings": asdict(replace(first, lone_until=150_000))}])


@pytest.mark.parametrize("word", MEANINGS)
def test_a_reading_prompt_holds_the_word_and_a_hint_names_the_group_of_what_is_meant(
    word: str,
) -> None:
    one, other = MEANINGS[word]
    for name in NAMED:
        prompts = {reading_prompt(word, kind, name) for kind in (one, other)}
        assert all(word in prompt.split() or name == "clear" for prompt in prompts)
        told = name != "bare"
        same_group = {reading_prompt(word, kind, "group") for kind in (one, other)}
        assert len(prompts) == (2 if told and (name == "clear" or len(same_group) == 2) else 1)
    assert set(HINTS) < set(NAMED)


def test_an_outcome_is_meant_other_or_neither() -> None:
    for word, (one, other) in MEANINGS.items():
        assert outcome(word, one, one) == "meant"
        assert outcome(word, one, other) == "other"
        assert outcome(word, one, "nothing") == "neither"


def test_the_tables_count_images() -> None:
    readings = {
        "clear": {"mouse": Counter(meant=3, other=1), "crane": Counter(meant=4)},
        "bare": {"mouse": Counter(meant=2, neither=2), "crane": Counter(other=4)},
    }
    score = Score({1: {"objects": 0.5}, 2: {"objects": 0.25}}, Counter({2: 1}), readings, 1.0, 4)
    assert score.words().splitlines()[2:] == [
        "| mouse | 75% | 50% |",
        "| crane | 100% | 0% |",
        "| all | 88% | 25% |",
    ]
    assert score.table().splitlines() == [
        "| prompt | objects |",
        "|---|---|",
        "| one object | 50.0% |",
        "| two objects | 25.0% |",
    ]
