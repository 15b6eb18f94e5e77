"""Words of a prompt keep their true token positions, with the host's own tokenizers."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.text.bpe import split_words
from hrv_pack.hrv.text.tokens import EMBEDDING, Phrase, TokenTable, parse_words, token_table

START, END = 49406, 49407
LONG_WORD = "antidisestablishmentarianismxyzqwerty"


def _read(tokenizer, text: str, width: int | None = None) -> TokenTable:
    chunks = tokenizer.tokenize_with_weights(text)
    pieces = tokenizer.inv_vocab.__getitem__
    ends = (tokenizer.start_token, tokenizer.end_token, tokenizer.pad_token)
    return token_table(chunks, pieces, *ends, width)


@pytest.fixture(scope="module")
def read(sd1_tokenizer):
    """Text -> its table by the tokenizer of SD1.x."""
    return lambda text: _read(sd1_tokenizer.clip_l, text)


def test_only_the_text_is_semantic(read):
    table = read("a red car")
    assert (table.length, table.semantic) == (77, (1, 2, 3))
    assert table.words == (("a", (1,)), ("red", (2,)), ("car", (3,)))
    assert read("").semantic == () and read("").length == 77


@pytest.mark.parametrize(
    "text",
    [
        "a (red:1.2) car, (parked)",
        "A RED   car, parked",
        "((a)) red (car:0.5), parked",
        "a red car , parked",
    ],
)
def test_weights_case_and_blanks_do_not_move_words(read, text):
    table = read(text)
    found = [table.find(word) for word in ("a", "red", "car", "parked")]
    assert found == [(1,), (2,), (3,), (5,)]


def test_escaped_parentheses_are_tokens(read):
    assert read(r"a \(red\) car").find("red") == (3,)


def test_break_is_an_ordinary_word(read):
    assert read("a car BREAK red").words[2:] == (("break", (3,)), ("red", (4,)))


def test_positions_run_on_past_77_tokens(read, sd1_tokenizer):
    text = ", ".join(["a small red house by the sea"] * 12)
    table, chunks = read(text), sd1_tokenizer.clip_l.tokenize_with_weights(text)
    assert table.length == 77 * len(chunks) == 154
    flat = [entry[0] for chunk in chunks for entry in chunk]
    house = sd1_tokenizer.clip_l.tokenizer("house")["input_ids"][1]
    assert table.find("house") == tuple(i for i, token in enumerate(flat) if token == house)
    assert len(table.find("house")) == 12
    assert not {0, 76, 77, 153} & set(table.semantic)


def test_a_word_cut_by_the_edge_of_a_chunk_stays_one_word(read):
    table = read(f"{LONG_WORD} " * 12)
    assert table.length == 154
    assert {text for text, _ in table.words} == {LONG_WORD}
    cut = [positions for _, positions in table.words if positions[0] < 77 < positions[-1]]
    assert len(cut) == 1 and {75, 78} <= set(cut[0]) and not {76, 77} & set(cut[0])
    assert len(table.find(LONG_WORD)) == len(table.semantic)


def test_phrases_are_cut_as_the_tokenizer_cuts(read):
    table = read("A rose-colored vase, Rose colored, don't, 12 roses")
    assert table.find("rose-colored") == (2, 3, 4)
    assert table.find("Rose colored") == (7, 8)
    assert table.find("don't") == (10, 11)
    assert table.find("12 roses") == (13, 14, 15)
    assert table.find("  VASE, ") == table.find("vase") == (5,)
    assert table.find("vase, rose") == (5, 6, 7)


def test_a_word_is_a_whole_word(read):
    with pytest.raises(ValueError, match="'car' is not in the prompt"):
        read("a carpet in a cartoon").find("car")


def test_unicode_words_read_as_written(read):
    table = read("Crème brûlée, 猫が好き, naïve 👍 mice")
    words = [text for text, _ in table.words]
    assert words == ["crème", "brûlée", ",", "猫が好き", ",", "naïve", "👍", "mice"]
    positions = dict(table.words)
    assert table.find("BRÛLÉE") == positions["brûlée"]
    assert table.find("猫が好き") == positions["猫が好き"]
    assert table.find("cre\u0300me") == positions["crème"]


CUTTING = [
    "it's a dog's life, they'll say we've don't I'd I'm 'tis",
    "12.5% off!!! (really) #tag @me snake_case x² ½ Ⅳ",
    "rose-colored: über ÉCOLE 猫が3匹 привет мир",
    "...'s wow--that's e\u0301 ok",
]


@pytest.mark.parametrize("text", CUTTING)
def test_split_words_cuts_as_the_tokenizer_does(sd1_tokenizer, text):
    ids = sd1_tokenizer.clip_l.tokenizer(text)["input_ids"]
    chunk = [(token, 1.0) for token in ids]
    table = token_table([chunk], sd1_tokenizer.clip_l.inv_vocab.__getitem__, START, END, END)
    assert [word for word, _ in table.words] == split_words(text)


def test_every_occurrence_or_the_nth(read):
    table = read("a mouse beside a mouse, a Mouse")
    assert table.find("mouse") == (2, 5, 8)
    assert table.spans("mouse") == ((2,), (5,), (8,))
    assert [table.find("mouse", n) for n in (1, 2, 3)] == [(2,), (5,), (8,)]
    for wrong in (0, 4):
        with pytest.raises(
            ValueError, match=f"3 times in the prompt, so there is no 'mouse#{wrong}'"
        ):
            table.find("mouse", wrong)


def test_occurrences_do_not_overlap(read):
    assert read("ha ha ha ha ha").spans("ha ha") == ((1, 2), (3, 4))


def test_a_missing_word_lists_the_words_and_the_nearest(read):
    with pytest.raises(ValueError, match="is not in the prompt") as error:
        read("a lavender vase, a vase").find("lavendar")
    assert "'lavendar' is not in the prompt" in str(error.value)
    assert "Did you mean 'lavender'?" in str(error.value)
    assert "a, lavender, vase, ,." in str(error.value)


def test_an_empty_prompt_or_word_is_an_error(read):
    with pytest.raises(ValueError, match="prompt is empty"):
        read("").find("vase")
    with pytest.raises(ValueError, match="Type a word"):
        read("a vase").find("  ")


def test_sdxl_encoders_agree_though_padding_is_an_exclamation_mark(sdxl_tokenizer):
    text = "wow !~ a red car!"
    large, small = (_read(t, text) for t in (sdxl_tokenizer.clip_g, sdxl_tokenizer.clip_l))
    assert large == small
    ids = [entry[0] for entry in sdxl_tokenizer.clip_g.tokenize_with_weights(text)[0]]
    assert 0 in ids[: ids.index(END)], "the prompt must hold the padding id as text"
    assert large.find("!~") == (2, 3)
    assert large.semantic == tuple(range(1, ids.index(END)))


@pytest.fixture
def with_embedding(sd1_tokenizer, tmp_path):
    """The SD1.x tokenizer, made anew, with a concept of two vectors called 'mood'."""
    from safetensors.torch import save_file

    save_file({"emb_params": torch.zeros(2, 768)}, tmp_path / "mood.safetensors")
    return type(sd1_tokenizer)(embedding_directory=[str(tmp_path)]).clip_l


def test_each_embedding_vector_takes_a_position(with_embedding):
    table = _read(with_embedding, "a embedding:mood red car")
    assert [word for word, _ in table.words] == ["a", EMBEDDING, EMBEDDING, "red", "car"]
    assert table.find("red") == (4,)
    assert table.find(EMBEDDING) == (2, 3)


def test_an_embedding_of_another_size_moves_later_words_up(with_embedding):
    table = _read(with_embedding, "a embedding:mood red car", width=1280)
    assert table.words == (("a", (1,)), ("red", (2,)), ("car", (3,)))
    assert table.length == 77
    assert _read(with_embedding, "a embedding:mood red car", width=768).find("red") == (4,)


def test_a_chunk_without_end_token_ends_where_padding_starts():
    pieces = {5: "red</w>", 6: "car</w>", 0: "!</w>"}.__getitem__
    table = token_table([[(0, 1.0), (5, 1.0), (6, 1.0), (0, 1.0), (0, 1.0)]], pieces, 1, 2, 0)
    assert (table.length, table.words) == (5, (("!", (0,)), ("red", (1,)), ("car", (2,))))


def test_a_last_word_without_end_mark_is_a_word():
    pieces = {5: "re", 6: "d"}.__getitem__
    table = token_table([[(1, 1.0), (5, 1.0), (6, 1.0), (2, 1.0)]], pieces, 1, 2, 0)
    assert table.words == (("red", (1, 2)),)


def test_parse_words():
    assert parse_words("vase, red car\nmouse#2,, mouse # 1") == (
        Phrase("vase"),
        Phrase("red car"),
        Phrase("mouse", 2),
        Phrase("mouse", 1),
    )
    assert parse_words(" \n,") == ()
    assert parse_words("#2") == (Phrase("#2"),)
    with pytest.raises(ValueError, match="count from 1"):
        parse_words("mouse#0")
