"""Words that must be in the image, and the tokens they compete with."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.excite.words import parse_wanted, token_slots


def test_words_are_read_with_their_concepts():
    assert parse_wanted("cat: Animals, red car : Vehicles\nfish") == (
        ("cat", "Animals"),
        ("red car", "Vehicles"),
        ("fish", None),
    )


@pytest.mark.parametrize("text", ["", " , ", "cat:", ": Animals"])
def test_words_that_cannot_be_read_are_an_error(text):
    with pytest.raises(ValueError, match="such as"):
        parse_wanted(text)


def test_token_slices_are_those_of_the_variants():
    assert token_slots(77, (1, 2, 3), "all but first and last") == tuple(range(1, 76))
    assert token_slots(77, (1, 2, 3), "all but first") == tuple(range(1, 77))
    assert token_slots(77, (1, 2, 3), "words") == (1, 2, 3)
    long = token_slots(154, (), "all but first")
    assert 76 in long and 77 not in long and 153 in long
