"""A phrase in a word's place: found where the host's tokenizer has the word's tokens."""

from __future__ import annotations

import unicodedata

import pytest

from hrv_pack.hrv.text.replacing import replace_phrase
from hrv_pack.hrv.text.tokens import Phrase, TokenTable, token_table


@pytest.fixture(scope="module")
def table(sd1_tokenizer):
    def read(text: str) -> TokenTable:
        encoder = sd1_tokenizer.clip_l
        ends = (encoder.start_token, encoder.end_token, encoder.pad_token)
        chunks = encoder.tokenize_with_weights(text)
        return token_table(chunks, encoder.inv_vocab.__getitem__, *ends)

    return read


PROMPTS = [
    ("a mouse, a Mouse's nest, (mouse:1.3) on a mousepad", "mouse"),
    (r"a \(mouse\) and ((mouse)), mouse:2", "mouse"),
    ("(a hot dog:0.8) beside a hot-dog, HOT  DOG", "hot dog"),
    ("a rose-colored vase, a Rose Colored rose", "rose-colored"),
    ("12 mice and 2 mice", "2"),
    ("cre\u0300me BR\u00dbL\u00c9E, cr\u00e8me", "cr\u00e8me"),
]


@pytest.mark.parametrize(("text", "word"), PROMPTS)
def test_a_phrase_is_put_wherever_the_tokens_of_the_word_are(table, text, word):
    found = len(table(text).spans(word))
    replaced = replace_phrase(text, Phrase(word), "zebra")
    assert len(table(replaced).spans("zebra")) == found
    with pytest.raises(ValueError, match="is not in the prompt"):
        table(replaced).spans(word)
    for n in range(1, found + 1):
        words = [w for w, _ in table(replace_phrase(text, Phrase(word, n), "zebra")).words]
        assert words.count("zebra") == 1
        before = table(text).spans(word)[n - 1][0]
        assert table(replace_phrase(text, Phrase(word, n), "zebra")).find("zebra") == (before,)


@pytest.mark.parametrize(("text", "word"), PROMPTS)
def test_all_else_stays_as_it_is_written(text, word):
    plain = unicodedata.normalize("NFC", text)
    for n in (None, 1):
        marked = replace_phrase(plain, Phrase(word, n), "\u2603")
        before, after = marked.split("\u2603")[0], marked.split("\u2603")[-1]
        assert plain.startswith(before) and plain.endswith(after)


def test_the_name_of_an_embedding_is_no_word():
    text = "embedding:mouse.pt, a mouse"
    assert replace_phrase(text, Phrase("mouse"), "car") == "embedding:mouse.pt, a car"


def test_a_phrase_that_a_bracket_cuts_is_refused():
    with pytest.raises(ValueError, match=r"cut .hot dog. in two: .hot:1\.2\) dog."):
        replace_phrase("a (hot:1.2) dog", Phrase("hot dog"), "car")


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        (Phrase("mose"), "Did you mean 'mouse'"),
        (Phrase("mouse", 3), "2 times in the prompt, so there is no 'mouse#3'"),
        (Phrase(" "), "Type a word"),
    ],
)
def test_what_the_prompt_has_not_is_refused(phrase, message):
    with pytest.raises(ValueError, match=message):
        replace_phrase("a mouse and a mouse", phrase, "car")
