"""Text and JSON that anybody may have written."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.construct.ranges import ranges, read_ranges
from hrv_pack.hrv.files.manifest import damaged
from hrv_pack.hrv.heads import HeadId
from hrv_pack.hrv.text.strengths import read_strengths
from hrv_pack.hrv.text.untrusted import (
    LARGEST,
    parse_json,
    read_text,
    require_number,
    require_whole_characters,
    short,
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_as_windows_and_others_save_it(tmp_path, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes("Größe: 大きい".encode(encoding))
    assert read_text(path) == "Größe: 大きい"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"caf\xe9", "not UTF-8 text"),
        (b"a\x00b", "not a text file"),
        (b"\xff\xfe\x00\xd8", "not UTF-8 text"),
        (b"a" * (LARGEST + 1), "larger than 2 MB"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.txt is {message}"):
        read_text(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "gone.txt", tmp_path):
        with pytest.raises(ValueError, match=f"{path.name} cannot be read"):
            read_text(path)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nul", "1" * 10_000])
def test_what_is_no_json_is_a_sentence(text):
    with pytest.raises(ValueError, match="not readable JSON"):
        parse_json(text)


@pytest.mark.parametrize(
    "text", ["0-999999999", "9-", "a", "1,2", "-5", "0-9999998, 0-99, 1-99999999"]
)
def test_ranges_that_nobody_counted_are_refused(text):
    with pytest.raises(ValueError, match="Expected numbers of prompts"):
        read_ranges(text)


def test_ranges_come_back():
    for numbers in ([], [0], [0, 1, 2, 7], [5, 6, 9, 10, 11]):
        assert read_ranges(ranges(numbers)) == set(numbers)


def test_numbers_and_short_texts():
    require_number("strength", -1e300)
    for found in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="strength should be a number; found"):
            require_number("strength", found)
    assert short("a" * 80) == "a" * 80 and short("a" * 81) == "a" * 79 + "…"
    assert short("\ud800") == "?"


@pytest.mark.parametrize(
    "give",
    [
        HeadId.parse,
        read_strengths,
        lambda text: read_strengths(f"0 to 1 in {len(text) * '9'}"),
        require_whole_characters,
    ],
)
def test_a_message_repeats_the_beginning_of_a_long_text(give):
    with pytest.raises(ValueError, match="…") as caught:
        give("a" * 5000 + "\ud800")
    assert len(str(caught.value)) < 400


def test_what_is_wrong_with_a_manifest_is_told_in_bounds(tmp_path):
    assert len(str(damaged(tmp_path / "m.json", ValueError("a" * 5000)))) < 600


def test_whole_characters_are_taken():
    require_whole_characters("Größe 大きい 🐭")
