"""Tables of translations: what is written is read, in the way translators' programs write too."""

import pytest

from hrv_pack.tools.locales.table import read_table, write_table

PLACES = {'say "so"': ["a node: description"], "two\nlines": ["another: tooltip", "a third"]}


def test_what_is_written_is_read(tmp_path):
    known = {'say "so"': "说“是”", "two\nlines": 'zwei\nZeilen \\ "hier"'}
    write_table(tmp_path / "xx.po", "xx", PLACES, known)
    assert read_table(tmp_path / "xx.po") == known
    assert "#. another: tooltip and 1 more\n" in (tmp_path / "xx.po").read_text("utf-8")


def test_only_texts_that_have_a_place_are_written_and_new_ones_are_empty(tmp_path):
    write_table(tmp_path / "xx.po", "xx", PLACES, {"gone": "weg"})
    assert read_table(tmp_path / "xx.po") == dict.fromkeys(PLACES, "")


def test_strings_over_several_lines_and_comments_are_read(tmp_path):
    header = '#, fuzzy\nmsgid ""\nmsgstr "Language: xx\\n"\n\n'
    table = header + 'msgid ""\n"one "\n"text"\nmsgstr "ein "\n"Text"\n'
    (tmp_path / "xx.po").write_text(table, "utf-8")
    assert read_table(tmp_path / "xx.po") == {"one text": "ein Text"}


def test_no_file_is_an_empty_table_and_a_broken_line_is_named(tmp_path):
    assert read_table(tmp_path / "none.po") == {}
    (tmp_path / "xx.po").write_text('msgid "a"\nmsgstr: "b"\n', "utf-8")
    with pytest.raises(ValueError, match=r"xx\.po, line 2: expected msgid or msgstr"):
        read_table(tmp_path / "xx.po")
