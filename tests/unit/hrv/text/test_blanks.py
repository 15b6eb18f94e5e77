"""Words as blanks separate them, found by the host's tokenizer; the papers' edits by replace."""

from __future__ import annotations

import csv
from types import SimpleNamespace

import pytest
import torch

from hrv_pack.hrv.text.align import align
from hrv_pack.nodes.prompts.tag import read_prompt

pytestmark = pytest.mark.usefixtures("host")
EDITS = ("color", "geometric_patterns", "image_style", "material", "weather_conditions")


@pytest.fixture
def table(sd1_tokenizer):
    """The token table of a prompt, as HRV Prompt makes it."""
    clip = SimpleNamespace(tokenizer=sd1_tokenizer)
    return lambda text: read_prompt(
        clip, sd1_tokenizer.tokenize_with_weights(text), text, text
    ).tables[0]


def spaced(table):
    return ["".join(text for text, _ in words) for words in table.spaced_words]


@pytest.mark.parametrize(
    "text",
    [
        "a T-shirt with a polka-dot pattern",
        "the artist's cat, a dog's 2 1/2 toys",
        "naïve café – “quoted” 猫 と 犬",
        "tabs\tand\nlines  and   more ",
        "",
    ],
)
def test_words_are_those_between_blanks(table, text):
    assert spaced(table(text)) == text.lower().split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a (red:1.2) 2-part ((cat-like:0.5)) dog", ["a", "red", "2-part", "cat-like", "dog"]),
        (r"a cat \(small-ish\) here", ["a", "cat", "(small-ish)", "here"]),
    ],
)
def test_weights_are_no_part_of_a_word(table, text, words):
    assert spaced(table(text)) == words


def test_a_hyphenated_word_changes_place_with_a_plain_one(table):
    source, target = table("a polka-dot pattern"), table("a leopard pattern")
    found = align(source, target, "replace", "corrected")
    assert found.changed == ((2, 3, 4), (2,))
    assert torch.equal(found.mapper[2:5, 2], torch.ones(3)) and found.mapper[5, 3] == 1
    back = align(target, source, "replace", "corrected")
    assert torch.equal(back.mapper[2, 2:5], torch.full((3,), 1 / 3))


def test_punctuation_that_stays_is_not_changed(table):
    found = align(table("a cat, sitting"), table("a dog, sitting"), "replace", "corrected")
    assert found.changed == ((2,), (2,))


def test_words_may_be_split_otherwise_where_their_byte_pairs_are_as_many(table):
    found = align(table("cat, dog"), table("cat and dog"), "replace", "corrected")
    assert found.changed == ((2,), (2,))


@pytest.mark.parametrize("kind", ["corrected", "original"])
def test_all_225_published_edits_are_replacements(table, authors, kind):
    count = 0
    for name in EDITS:
        path = authors / f"image_editing_{name}_experiment_prompts.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                source, target = row["source_prompt"], row["target_prompt"]
                found = align(table(source), table(target), "replace", kind)
                words = zip(source.split(), target.split(), strict=True)
                assert bool(found.changed[1]) == any(s != t for s, t in words), (source, target)
                count += 1
    assert count == 225
