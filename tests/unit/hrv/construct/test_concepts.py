"""Concept sets as people write and edit them."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.construct.concepts import (
    ConceptWords,
    edited,
    format_concepts,
    parse_concepts,
    shared_words,
)

WORDS = parse_concepts("Color: red, light blue\nAnimals: cat, dog")


def test_concept_text_reads_back():
    assert parse_concepts(format_concepts(WORDS)) == WORDS


def test_a_set_is_edited():
    found = edited(WORDS, "animals: fish\nWeather: rain", remove="color")
    assert found == ConceptWords(("Animals", "Weather"), (("fish",), ("rain",)))
    assert edited(WORDS, "") == WORDS
    assert edited(None, format_concepts(WORDS)) == WORDS
    with pytest.raises(ValueError, match=r"Did you mean .*Color"):
        edited(WORDS, "", remove="Colour")


def test_a_word_in_two_concepts_is_a_warning():
    words = parse_concepts("Color: Orange, red\nFruit: orange, pear")
    (warning,) = shared_words(words)
    assert "“orange”" in warning and "Color, Fruit" in warning
    assert shared_words(WORDS) == []
