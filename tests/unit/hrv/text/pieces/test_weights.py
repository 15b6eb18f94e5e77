"""Weights written in a prompt: taken out of the text, and found again among its words."""

import pytest

from hrv_pack.hrv.text.bpe import split_words
from hrv_pack.hrv.text.pieces.weights import Part, Weighted, weighted_parts, weighted_words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a cat", [("a cat", 1.0)]),
        ("a (red:1.3) cat", [("a ", 1.0), ("red", 1.3), (" cat", 1.0)]),
        ("(red cat: -.5)", [("red cat", -0.5)]),
        ("(a:2)(b:0)", [("a", 2.0), ("b", 0.0)]),
        ("a man (in blue), ((old)) [x:2]", [("a man (in blue), ((old)) [x:2]", 1.0)]),
        (r"\(red:1.3\) cat", [(r"\(red:1.3\) cat", 1.0)]),
        ("at 12:30 (noon: lunch)", [("at 12:30 (noon: lunch)", 1.0)]),
        ("a (16:9) film (showing 10:30)", [("a (16:9) film (showing 10:30)", 1.0)]),
        ("(cat:10), (Rome:1960)", [("cat", 10.0), (", (Rome:1960)", 1.0)]),
        (f"(cat:{'9' * 400})", [(f"(cat:{'9' * 400})", 1.0)]),
        ("", []),
    ],
)
def test_only_words_with_a_number_are_weighted(text, parts):
    assert list(weighted_parts(text)) == [Part(*part) for part in parts]


def words_of(text):
    return [(word, (10 + place,)) for place, word in enumerate(split_words(text))]


def test_weights_go_to_the_words_of_their_part():
    parts = weighted_parts("a (red cat:1.3), (mou:2)se and (a:1) (,:3)")
    words = words_of("a red cat, mouse and a ,")
    assert weighted_words(parts, words) == (
        Weighted((11, 12), 1.3),
        Weighted((14,), 2.0),
        Weighted((17,), 3.0),
    )


def test_escaped_brackets_and_composed_letters_are_read_as_the_tokenizer_reads_them():
    parts = weighted_parts("\\(nai\u0308ve\\) (cat:2)")
    assert weighted_words(parts, words_of("(na\u00efve) cat")) == (Weighted((13,), 2.0),)


def test_other_words_are_an_error():
    with pytest.raises(ValueError, match="cannot be told apart"):
        weighted_words(weighted_parts("(cat:2)"), words_of("dog"))
