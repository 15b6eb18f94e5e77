"""Concept sets and prompts as people write them, and those that come with the pack."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.construct.concepts import (
    ConceptWords,
    edited,
    format_concepts,
    parse_concepts,
    shared_words,
)
from hrv_pack.hrv.construct.prompts import parse_prompts
from hrv_pack.hrv.files.concept_file import read_concepts
from hrv_pack.hrv.files.published_lists import published_list
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


def test_the_shipped_prompts_are_many_and_different(authors):
    prompts = parse_prompts((SHIPPED / "prompts.txt").read_text("utf-8"))
    assert len(prompts) >= 1000 and len({*prompts}) == len(prompts)
    published = {*(authors / "prompt_list_imagenet.txt").read_text("utf-8").splitlines()}
    assert not published & {*prompts}
    assert max(len(prompt.split()) for prompt in prompts) < 40


def test_concept_text_reads_back():
    assert parse_concepts(format_concepts(WORDS)) == WORDS


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
        ("a.txt", "Color: red\ncolor: blue\nAnimals: cat", "stands twice"),
        ("a.txt", "Color: red", "at least two"),
        ("a.txt", "Color:\nAnimals: cat", "at least one word for: Color"),
        ("a.yaml", "- red\n- blue", "map each concept"),
        ("a.yaml", "Color: [red", "no YAML"),
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


def test_wrong_prompts_say_what_is_wrong():
    assert parse_prompts("# list\na\n\n b \n") == ["a", "b"]
    with pytest.raises(ValueError, match="no prompts"):
        parse_prompts("\n # nothing \n")
    with pytest.raises(ValueError, match="Asked for 5"):
        parse_prompts("a\nb", 5)


@pytest.mark.parametrize("kind", ["concepts", "prompts"])
def test_published_lists_are_fetched_once_and_checked(kind, authors, file_server, tmp_path):
    published = published_list(SHIPPED / "published.json", kind)
    name = published.file.name
    file_server.files[name] = (authors / name).read_bytes()
    for _ in range(2):
        path = published.fetch(tmp_path, base_url=file_server.url)
        assert path.read_bytes() == file_server.files[name]
    assert file_server.asked == [name]
    path.write_bytes(b"damaged")
    file_server.files[name] = b"x" * published.file.size
    with pytest.raises(ValueError, match="checksum differs"):
        published.fetch(tmp_path, base_url=file_server.url)
