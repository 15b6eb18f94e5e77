"""Concept files of every kind, and the one that comes with the pack."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.construct.concepts import parse_concepts, shared_words
from hrv_pack.hrv.files.concept_file import read_concepts
from hrv_pack.tools.host import ROOT

SHIPPED = ROOT / "pretrained" / "concepts"
WORDS = parse_concepts("Color: red, light blue\nAnimals: cat, dog")


def test_the_shipped_set_has_the_papers_34_concepts_and_ten_words_each(authors):
    shipped = read_concepts(SHIPPED / "paper34.txt")
    published = read_concepts(authors / "340_final_text_list.csv")
    assert shipped.concepts == published.concepts
    assert {len({*words}) for words in shipped.words} == {10}
    assert shared_words(shipped) == []
    assert shipped.words != published.words


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "# mine\nColor: red, light blue\n\nAnimals: cat, dog,\n"),
        ("a.yaml", "Color: [red, light blue]\nAnimals:\n  - cat\n  - dog\n"),
        ("a.yml", "Color: red, light blue\nAnimals: [cat, dog]\n"),
        ("a.csv", "Color,red,light blue\nAnimals,cat,dog\n"),
        ("b.csv", "concept,word\nColor,red\nColor,light blue\nAnimals,cat\nAnimals,dog\n"),
        ("c.csv", "\ufeffColor\r\n\r\n1. red\r\n2. light blue\r\nAnimals\r\n1. cat\r\n2. dog\r\n"),
    ],
)
def test_every_kind_of_file_gives_the_same_concepts(name, text, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_concepts(tmp_path / name) == WORDS


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "Color red\nAnimals: cat", "has no colon"),
        ("a.txt", "Color: red\ncolor: blue\nAnimals: cat", "appears twice"),
        ("a.txt", "Color: red", "at least two"),
        ("a.txt", "Color:\nAnimals: cat", "at least one word for: Color"),
        ("a.yaml", "- red\n- blue", "map each concept"),
        ("a.yaml", "Color: [red", "not valid YAML"),
        ("a.yaml", "Color: 3\nAnimals: [cat]", "should be a list"),
        ("a.csv", "Color,red", "at least two"),
        ("a.json", "{}", "ends in"),
    ],
)
def test_a_wrong_file_is_named_and_says_what_is_wrong(name, text, message, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        read_concepts(tmp_path / name)
    assert name in str(caught.value)
