"""A word's readings: the prompt with a clear phrase in the word's place."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.measure.readings import Readings, put_in_place


@pytest.mark.parametrize(
    ("prompt", "word", "expected"),
    [
        ("a mouse", "mouse", "a computer mouse"),
        ("A Mouse, on a mousepad", "mouse", "A computer mouse, on a mousepad"),
        ("a (mouse:1.2) in snow", "mouse", "a (computer mouse:1.2) in snow"),
        ("a mouse and a mouse", "mouse", "a computer mouse and a computer mouse"),
        ("a mouse and a mouse", "mouse#2", "a mouse and a computer mouse"),
        ("a hot dog", "hot dog", "a computer mouse"),
        ("a hot-dog", "hot-dog", "a computer mouse"),
    ],
)
def test_the_phrase_stands_where_the_word_stood(prompt, word, expected):
    assert put_in_place(prompt, word, " computer mouse ") == expected


def test_rows_and_texts_go_together():
    both = Readings("mouse", " mouse animal", "computer mouse ")
    assert both.rows == ("mouse animal", "computer mouse")
    assert both.texts("a mouse") == ("a mouse animal", "a computer mouse")
    one = Readings("mouse", "mouse animal")
    assert one.rows == ("mouse animal",)
    assert one.texts("a mouse") == ("a mouse animal",)


@pytest.mark.parametrize(
    ("readings", "message"),
    [
        (("mouse", "a mouse ", "A  mouse!"), "say the same"),
        (("mouse", " , "), "read as"),
        (("mouse, crane", "animal"), "one word"),
        (("", "animal"), "one word"),
    ],
)
def test_readings_that_cannot_be_measured_are_refused(readings, message):
    with pytest.raises(ValueError, match=message):
        Readings(*readings)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("mose", "Did you mean 'mouse'"),
        ("mous", "is not in the prompt"),
        ("mouse#3", "2 times in the prompt, so there is no"),
    ],
)
def test_a_word_that_the_prompt_has_not_is_refused(word, message):
    with pytest.raises(ValueError, match=message):
        put_in_place("a mouse and a mouse", word, "computer mouse")
