"""What is asked of words inside a prompt or in lines: read, taken out, refused where unclear."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.text.inline import WordReading, check_once, read_lines, take_out

LAVENDER = WordReading("lavender", "Color", "Plants", 0.8)
FORM = "<hrv:lavender:Color:-Plants:0.8>"


@pytest.mark.parametrize(
    ("prompt", "plain"),
    [
        (f"a vase in lavender{FORM} color", "a vase in lavender color"),
        (f"a vase in lavender {FORM} color", "a vase in lavender color"),
        (f"a vase in lavender {FORM}, soft", "a vase in lavender, soft"),
        (f"{FORM} a lavender vase", "a lavender vase"),
        (f"a lavender vase {FORM}", "a lavender vase"),
        (f"(lavender{FORM}:1.2) vase", "(lavender:1.2) vase"),
        (f"lavender\n{FORM}\nvase", "lavender\n\nvase"),
        (FORM, ""),
    ],
)
def test_a_form_leaves_the_prompt_as_if_it_had_never_been_there(prompt, plain):
    assert take_out(prompt) == (plain, (LAVENDER,))


@pytest.mark.parametrize(
    "prompt",
    ["", "a  vase", "<lora:style:0.8> (red:1.2) {a|b} [c] a<b>c", "hrv:lavender:Color", " a \n b "],
)
def test_a_prompt_without_forms_is_untouched(prompt):
    assert take_out(prompt) == (prompt, ())


def test_several_forms_are_read_in_their_order():
    text = "a blue mouse <hrv:blue:Color> <HRV:mouse#2:computer mouse:-mouse animal:2>on a <lora:x>"
    plain, readings = take_out(text, 0.5)
    assert plain == "a blue mouse on a <lora:x>"
    assert readings == (
        WordReading("blue", "Color", "", 0.5),
        WordReading("mouse#2", "computer mouse", "mouse animal", 2.0),
    )


def test_lines_say_the_same_as_forms():
    text = "\n lavender: Color: -Plants: 0.8 \n\nred car:Color\nmouse : computer mouse : : 1.5"
    assert read_lines(text, 0.3) == (
        LAVENDER,
        WordReading("red car", "Color", "", 0.3),
        WordReading("mouse", "computer mouse", "", 1.5),
    )
    assert read_lines(" \n") == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Name the word"),
        ("lavender", "Say what “lavender” is to be read as"),
        ("lavender:-Plants", "Say what “lavender” is to be read as"),
        ("lavender:Color:-color", "which is the same"),
        ("lavender:Color:Plants", "two of “read as”: Color, Plants"),
        ("lavender:Color:0.5:0.6", "two of “strength”"),
        ("lavender:Color:3.1", "use 0 to 3"),
        ("lavender:Color:-0.5", "use 0 to 3"),
    ],
)
def test_what_is_unclear_is_quoted_with_the_right_form(content, message):
    with pytest.raises(ValueError, match=message) as tag:
        take_out(f"a <hrv:{content}> b")
    assert f"<hrv:{content}>" in str(tag.value) and FORM in str(tag.value)
    if content:
        with pytest.raises(ValueError, match=message) as line:
            read_lines(content)
        assert content in str(line.value) and "lavender: Color: -Plants: 0.8" in str(line.value)


@pytest.mark.parametrize("prompt", ["a <hrv:lavender:Color", "a <hrv lavender> b", "<hrv> a"])
def test_a_form_that_is_not_complete_is_no_part_of_the_prompt(prompt):
    with pytest.raises(ValueError, match="is not a complete form"):
        take_out(prompt)


def test_a_word_is_asked_for_once():
    check_once([LAVENDER, WordReading("mouse#1", "a"), WordReading("mouse#2", "a")])
    with pytest.raises(ValueError, match="“Lavender” is asked for twice"):
        check_once([LAVENDER, WordReading("Lavender", "Plants")])
