"""Prompts drawn from templates: every place filled, one word swapped, the same for every cut."""

from __future__ import annotations

from collections import Counter

import pytest

from hrv_pack.hrv.construct.concepts import ConceptWords, concept_words
from hrv_pack.hrv.files.concept_file import read_concepts
from hrv_pack.hrv.measure.concept_defaults import default_templates
from hrv_pack.hrv.measure.concept_prompts import draw_prompt, parse_templates
from hrv_pack.tools.host import ROOT

WORDS = concept_words(
    {
        "Color": ("red", "orange", "light blue"),
        "Animals": ("cat", "dog"),
        "Vehicles": ("car", "ox cart"),
        "Weather": ("rain", "snow"),
    }
)
SCENE = "a photo of a {color} {Animals| vehicles} in {Weather}"


def drawn(text=SCENE, words=WORDS, count=48, seed=3, swaps=1):
    templates = parse_templates(text, words)
    return [draw_prompt(templates, words, seed, number, swaps) for number in range(count)]


def test_a_prompt_has_a_word_of_each_concept_and_each_swap_another_in_its_place():
    things = ("cat", "dog", "car", "ox cart")
    of_thing = {"cat": 1, "dog": 1, "car": 2, "ox cart": 2}
    scenes = {
        f"a{'n' * (color == 'orange')} {color} {thing} in {weather}": (color, thing, weather)
        for color in WORDS.words[0]
        for thing in things
        for weather in WORDS.words[3]
    }
    for prompt in drawn():
        parts = scenes[prompt.text.removeprefix("a photo of ")]
        assert [swap.concept for swap in prompt.swaps] == [0, of_thing[parts[1]], 3]
        for place, swap in enumerate(prompt.swaps):
            (text,) = swap.texts
            other = scenes[text.removeprefix("a photo of ")]
            assert [a != b for a, b in zip(parts, other, strict=True)] == [
                place == n for n in range(3)
            ]


def test_a_thing_is_swapped_for_one_of_its_own_or_of_another_concept_of_the_place():
    swapped = {(p.text.split()[-3], p.swaps[1].texts[0].split()[-3]) for p in drawn(count=200)}
    assert {("cat", "dog"), ("cat", "car"), ("cat", "cart"), ("car", "cat")} <= swapped


def test_a_word_is_swapped_for_as_many_others_as_are_asked_for_and_there_are():
    for one, more in zip(drawn(), drawn(swaps=2), strict=True):
        assert more.text == one.text
        assert [len(set(swap.texts)) for swap in more.swaps] == [2, 2, 1]
        assert all(more.text not in swap.texts for swap in more.swaps)
        assert [m.texts[0] for m in more.swaps] == [o.texts[0] for o in one.swaps]


def test_words_are_balanced_in_each_half_and_drawn_anew_by_each_seed():
    for half in (0, 1):
        counted = Counter(prompt.text.split()[-3] for prompt in drawn(count=48)[half::2])
        assert counted == {"cat": 6, "dog": 6, "car": 6, "cart": 6}
    assert [p.text for p in drawn(seed=3)] != [p.text for p in drawn(seed=4)]


def test_a_prompt_depends_on_seed_and_number_alone():
    templates = parse_templates(SCENE, WORDS)
    assert drawn(count=9) == drawn(count=48)[:9]
    assert draw_prompt(templates, WORDS, 3, 40) == drawn()[40]


def test_templates_take_turns_in_both_halves():
    text = "a {Color} {Animals}\n# a remark\n\na {Vehicles} in {Weather}"
    of_half = [[len(p.text.split()) for p in drawn(text, count=400)[half::2]] for half in (0, 1)]
    concepts = [[p.swaps[0].concept for p in drawn(text, count=8)[half::2]] for half in (0, 1)]
    assert concepts == [[0, 2, 0, 2]] * 2 and len(of_half[0]) == 200


def test_an_object_is_a_noun_that_is_not_measured():
    prompts = drawn("a {Color} {Object} near a {Animals} and a {Vehicles} in {Weather}")
    assert all([s.concept for s in p.swaps] == [0, 1, 2, 3] for p in prompts)
    assert len({p.text.split(" near ")[0].split()[-1] for p in prompts}) > 5
    own = concept_words({"Object": ("cup", "pot"), "Color": ("red", "blue")})
    assert [s.concept for s in drawn("a {Color} {object}", own)[0].swaps] == [1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There are no templates"),
        ("# nothing", "There are no templates"),
        ("a {Colour} cat", r"Line 1 .* “Colour”, but there is no such concept.*Color"),
        (f"{SCENE}\na red cat", r"Line 2 .* has no concept in braces"),
        (f"{SCENE}\na {{Color cat", r"Line 2 .* brace without its partner"),
        ("a {} cat", r"place for “”"),
        ("a {Color} {Animals}", r"No template has a place for: Vehicles, Weather"),
    ],
)
def test_templates_that_cannot_be_used_say_why(text, message):
    with pytest.raises(ValueError, match=message):
        parse_templates(text, WORDS)


@pytest.mark.parametrize("listed", [("red",), ("red", "Red")])
def test_a_concept_with_one_word_cannot_be_swapped_alone_but_beside_others(listed):
    words = ConceptWords(("Color", "Animals"), (listed, ("cat", "dog")))
    with pytest.raises(ValueError, match=r"“Color” has one word only.*a second one"):
        parse_templates("a {Color} {Animals}", words)
    assert parse_templates("a {Color|Animals}", words)


def test_the_packs_templates_have_a_place_for_every_concept():
    paper = read_concepts(ROOT / "pretrained" / "concepts" / "paper34.txt")
    text = default_templates(paper)
    assert len(parse_templates(text, paper)) == text.count("\n") + 1
    counted = Counter(s.concept for p in drawn(text, paper, count=600) for s in p.swaps)
    assert len(counted) == len(paper.concepts) and min(counted.values()) >= 15
    for words in (WORDS, concept_words({"Mood": ("calm", "wild"), "Color": ("red", "blue")})):
        assert parse_templates(default_templates(words), words)
    assert "a photo of a {Mood}" in default_templates(words)
    things = concept_words({"Animals": ("cat", "dog"), "Vehicles": ("car", "boat")})
    assert default_templates(things) == "a photo of a {Animals|Vehicles}"
