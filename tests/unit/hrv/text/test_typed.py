"""The words that a page may offer of a typed prompt are those of its tokens."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.text.tokens import EMBEDDING, token_table
from hrv_pack.hrv.text.typed import Picking, listed_phrases, picking, typed_table

PROMPTS = [
    "a mouse and another mouse, on a red car's roof",
    "A (blue:1.3) vase [of] ((3 tulips)), 1girl",
    "Crème brûlée, 猫が好き, naïve 👍 mice BREAK can't",
    r"an escaped \(red\) word (two words:0.5) end",
    "",
]


@pytest.fixture(scope="module")
def parts(host):
    from hrv_pack.nodes.prompts.picking import spoken_parts

    return spoken_parts


@pytest.mark.parametrize("prompt", PROMPTS)
def test_typed_words_are_the_words_of_the_tokens(prompt, parts, sd1_tokenizer):
    encoder = sd1_tokenizer.clip_l
    ends = (encoder.start_token, encoder.end_token, encoder.pad_token)
    table = token_table(encoder.tokenize_with_weights(prompt), encoder.inv_vocab.__getitem__, *ends)
    encoded = [word for word, _ in table.words if word != EMBEDDING]
    assert [word for word, _ in typed_table(parts(prompt)).words] == encoded


def test_embeddings_are_no_words(parts):
    table = typed_table(parts("embedding:one a cat, (embedding:two-b:1.2) dog"))
    assert [word for word, _ in table.words] == ["a", "cat", ",", "dog"]


def test_forms_that_are_taken_out_of_a_prompt_are_no_words(parts):
    table = typed_table(parts("a vase in lavender <hrv:lavender:Color:-Plants:0.8> color"))
    assert [word for word, _ in table.words] == ["a", "vase", "in", "lavender", "color"]


def pick(prompt: str, *phrases: str) -> Picking:
    return picking([typed_table([prompt])], phrases)


def test_every_word_once_is_named_by_itself_and_of_several_by_its_number():
    words = [word.pick for word in pick("A mouse, a cat (and) the mouse.").words]
    assert words == ["a#1", "mouse#1", "a#2", "cat", "and", "the", "mouse#2"]


@pytest.mark.parametrize(
    ("phrases", "lit"),
    [
        ([], {}),
        (["mouse"], {"mouse#1": 0, "mouse#2": 0}),
        (["mouse#2"], {"mouse#2": 0}),
        (["red car", "MOUSE#1"], {"red": 0, "car": 0, "mouse#1": 1}),
        (["mouse#2", "mouse"], {"mouse#1": 1, "mouse#2": 0}),
    ],
)
def test_a_word_is_lit_by_the_first_phrase_that_names_it(phrases, lit):
    found = pick("mouse in a red car, mouse", *phrases)
    assert {w.pick: w.phrase for w in found.words if w.phrase is not None} == lit
    assert found.missing == ()


def test_picking_what_is_offered_lights_just_that():
    prompt = "A mouse, a cat and the mouse."
    for place, word in enumerate(pick(prompt).words):
        lit = [i for i, each in enumerate(pick(prompt, word.pick).words) if each.phrase == 0]
        assert lit == [place]


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("mause", ["“mause” is not in the prompt", "'mouse'"]),
        ("mouse#2", ["once", "#1"]),
        ("mouse#0", ["count from 1"]),
        ("cat mouse", ["“cat mouse” is not in the prompt"]),
    ],
)
def test_a_phrase_that_is_not_there_is_told(phrase, said):
    found = pick("mouse cat", "cat", phrase)
    (sentence,) = found.missing
    assert all(each in sentence for each in said)
    assert [word.phrase for word in found.words] == [None, 0]


def test_of_several_prompts_one_must_have_the_word():
    tables = [typed_table([text]) for text in ("a red vase", "a blue vase")]
    found = picking(tables, ["blue", "green"])
    assert [word.phrase for word in found.words] == [None, None, None, None, 0, None]
    assert len(found.missing) == 1 and "green" in found.missing[0]


def test_phrases_are_listed_by_comma_and_line_with_or_without_their_concepts():
    assert listed_phrases(" vase,\nred car ,, mouse#2") == ["vase", "red car", "mouse#2"]
    assert listed_phrases("cat: Animals, red dog:Animals", "pairs") == ["cat", "red dog"]
    lines = "lavender: Color: -Plants: 0.8\n\n red car : fast, shiny"
    assert listed_phrases(lines, "lines") == ["lavender", "red car"]
