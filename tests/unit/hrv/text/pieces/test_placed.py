"""Words among sentence pieces and byte-level pieces, whatever the pieces hold."""

from dataclasses import replace

import pytest

from hrv_pack.hrv.text.pieces.placed import own_tokens, piece_bytes, placed_table, reads_sentences
from hrv_pack.hrv.text.pieces.weights import Weighted
from hrv_pack.hrv.text.tokens import EMBEDDING


def table(*pieces, length=20, first=3, **more):
    raw = [None if piece is None else piece.encode() for piece in pieces]
    return placed_table(length, list(enumerate(raw, first)), **more)


def test_a_word_has_every_token_that_holds_a_part_of_it():
    read = table("a", " un", "believ", "able", " crane's", " (mo", "use).")
    assert read.find("unbelievable") == (4, 5, 6)
    assert read.find("crane") == read.find("'s") == (7,)
    assert read.find("mouse") == (8, 9)
    assert read.semantic == (3, 4, 5, 6, 7, 8, 9)


def test_a_character_may_lie_in_two_tokens():
    whole = " 猫".encode()
    read = placed_table(9, [(1, whole[:2]), (2, whole[2:]), (3, b" x")])
    assert read.words == (("猫", (1, 2)), ("x", (3,)))


def test_what_is_no_character_is_a_word_of_its_own():
    read = placed_table(9, [(1, b"ab "), (2, b"\xff\xff\xff\xff"), (3, b" c")])
    assert [word for word, _ in read.words] == ["ab", "\ufffd", "c"]


def test_an_embedding_parts_words():
    read = table("mo", None, None, "use")
    assert read.words == (("mo", (3,)), (EMBEDDING, (4,)), (EMBEDDING, (5,)), ("use", (6,)))


def test_positions_move_with_the_rows_that_an_encoder_drops():
    read = table("a", " cat", from_end=True)
    moved = read.of_length(18)
    assert (moved.length, moved.find("cat"), moved.semantic) == (18, (2,), (1, 2))
    assert read.of_length(20) == read
    with pytest.raises(ValueError, match="has only 16 rows"):
        read.of_length(16)
    fixed = table("a", " cat")
    last = fixed.semantic[-1]
    assert fixed.of_length(last + 1) == fixed
    with pytest.raises(ValueError, match=f"2 tokens .* only {last} rows"):
        fixed.of_length(last)
    assert replace(fixed, remade=True).of_length(1).semantic == fixed.semantic


def test_weights_move_too():
    read = table("a", " cat", from_end=True)
    weighted = replace(read, weights=(Weighted((4,), 1.5),))
    assert weighted.of_length(17).weights == (Weighted((1,), 1.5),)


@pytest.mark.parametrize(
    ("ids", "empty", "own"),
    [
        ([7, 8, 1, 2, 9, 5], [7, 8, 9, 5], [2, 3]),
        ([7, 8, 1, 9, 5, 0, 0], [7, 8, 9, 5, 0, 0, 0], [2]),
        ([7, 8, 9, 5], [7, 8, 9, 5], []),
        ([7, 8, 8, 7, 9, 5], [7, 8, 9, 5], [2, 3]),
        ([1, 2, 5, 0], [5, 0, 0, 0], [0, 1]),
        ([2, 1], [2], [1]),
        ([1, 2], [], [0, 1]),
    ],
)
def test_a_template_and_padding_are_not_the_prompts(ids, empty, own):
    assert list(own_tokens(ids, empty, padding=0)) == own


def test_pieces_of_both_kinds():
    assert piece_bytes("▁cat", sentences=True) == b" cat"
    assert piece_bytes("<0xE7>", sentences=True) == b"\xe7"
    assert piece_bytes("<unk>", sentences=True).decode() == "\ufffd"
    assert piece_bytes("Ġcat", sentences=False) == b" cat"
    assert piece_bytes("Ã¼", sentences=False).decode() == "ü"
    assert reads_sentences(["a", "▁b"]) and not reads_sentences(["a", "Ġb"])
