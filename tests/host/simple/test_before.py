"""What HRV Steer says before the run is what the run would say, and never wrong."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.heads import HeadTable
from hrv_pack.nodes.library.demo import HRVDemoModel
from hrv_pack.nodes.library.fitting import fitting_model
from hrv_pack.nodes.prompts.encoding import encoded
from hrv_pack.nodes.prompts.tag import locate
from hrv_pack.nodes.simple import on_the_spot
from hrv_pack.nodes.simple.before import Typed, complaint
from hrv_pack.nodes.simple.node import HRVSteer
from hrv_pack.nodes.simple.on_the_spot import usual_settings
from hrv_pack.nodes.simple.presets import NONE, PRESETS
from hrv_pack.nodes.simple.request import Fields, read_fields

pytestmark = pytest.mark.usefixtures("host", "inference")
LINKED = None
PROMPTS = [
    "a red mouse, in (deep snow:1.3) at 8k",
    "The Mouse\\(s\\) of ((don't)) rose-colored\nnaïve café's 2nd mouse",
    "東京 mouse!! (a (b:0.5) c:1.2) ::: <lora:x:1>",
]


@pytest.mark.parametrize("text", PROMPTS)
@pytest.mark.parametrize(
    "word",
    ["mouse", "Mouse#1", "mouse#2", "deep snow", "snow at", "don't", "rose-colored", "a b c"],
)
def test_a_word_is_missing_before_the_run_where_it_is_in_the_run(clip, text, word):
    try:
        locate(encoded(clip, text, None), word)
        expected = ""
    except ValueError as error:
        expected = str(error)
    assert complaint(Typed(text, word)) == expected


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (Typed("a mouse", more_words="house: Color"), "'house' is not in the prompt"),
        (Typed("a mouse <hrv:house:Color>"), "'house' is not in the prompt"),
        (Typed("a mouse", "house", "Color", ""), "'house' is not in the prompt"),
        (Typed("a mouse", more_words="mouse"), "more words: “mouse”: Say what"),
        (Typed("a mouse <hrv:mouse"), "is not a complete form"),
        (Typed("a mouse", "mouse", " ", ""), "Say what “mouse” is to be read as"),
        (Typed("a mouse", "", "Color", ""), "Name the word"),
        (Typed("a mouse", "mouse", "Color", "color"), "which is the same"),
        (Typed("a mouse", "mouse", "Color", "", "Mouse: Animals"), "asked for twice"),
        (Typed("a mouse <hrv:mouse:Color>", more_words="mouse: Animals"), "asked for twice"),
    ],
)
def test_every_field_is_looked_at(typed, message):
    assert message in complaint(typed)
    fields = {key: value for key, value in vars(typed).items() if value is not None}
    assert HRVSteer.validate_inputs(**fields) == complaint(typed)


def test_what_is_right_may_run():
    right = Typed("a red mouse <hrv:red:Color>", "mouse", "computer mouse", "", "a: Shape\n")
    assert HRVSteer.validate_inputs(**vars(right)) is True
    assert HRVSteer.validate_inputs("", "", "", "", "") is True


def test_what_another_node_fills_is_left_to_the_run():
    assert HRVSteer.validate_inputs(LINKED, "house", "Color", "", "house#2: Color") is True
    assert HRVSteer.validate_inputs("a mouse", LINKED, LINKED, LINKED, LINKED) is True
    assert HRVSteer.validate_inputs("a mouse", "mouse", LINKED, "", "") is True
    assert "more words: “house”" in HRVSteer.validate_inputs(LINKED, "", "", "", "house")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_a_reading_of_its_words_with_the_nodes_strength(preset):
    (reading,) = read_fields(Fields("", preset, strength=0.4)).readings
    assert reading.strength == 0.4 and reading.word in preset
    assert preset != NONE


def test_a_demo_word_is_measured_on_images_like_the_demo_models(own_folder):
    demo = HRVDemoModel.execute().args[0]
    found = usual_settings(demo, fitting_model(demo))
    assert (found.width, found.height, found.cfg) == (64, 64, 4.0)


def test_other_models_are_measured_at_the_size_of_their_family(model, monkeypatch):
    assert (usual_settings(model, []).width, usual_settings(model, []).cfg) == (512, 7.5)
    xl = HeadTable(
        (
            ("down", 0, 440 - 67),
            *(("down", n, 1) for n in range(1, 68)),
            ("mid", 0, 200),
            ("up", 0, 660),
        )
    )
    assert xl.known_family == "SDXL"
    monkeypatch.setattr(on_the_spot, "model_heads", lambda _model: xl)
    assert (usual_settings(model, []).width, usual_settings(model, []).height) == (1024, 1024)
