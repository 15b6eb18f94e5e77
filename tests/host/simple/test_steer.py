"""HRV Steer gives what the other nodes give together, and measures only where it must."""

from __future__ import annotations

from functools import partial

import comfy.model_management
import pytest
import torch
from comfy_extras.nodes_model_advanced import ModelSamplingDiscrete
from literal_steering import encode, prompt, sample

from hrv_pack.hrv.files.hrv_file import save_relevance
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.library.choices import AUTO, listing
from hrv_pack.nodes.library.files import HRVLoad
from hrv_pack.nodes.measure.node import HRVMeasure
from hrv_pack.nodes.measure.settings import MeasureSettings
from hrv_pack.nodes.prompts.tag import prompts_of
from hrv_pack.nodes.simple import on_the_spot
from hrv_pack.nodes.simple import steer as steering
from hrv_pack.nodes.simple.inputs import steer_inputs
from hrv_pack.nodes.simple.node import HRVSteer
from hrv_pack.nodes.simple.vectors import HERE, IN_PASSES, MEASURED_REACH
from hrv_pack.nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen

pytestmark = pytest.mark.usefixtures("host", "inference")
TEXT = "a red mouse in snow"
FILE = "mine.safetensors"
SMALL = MeasureSettings(images=2, steps=2, cfg=4.0, seed=0, width=64, height=64)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """No measurement from an earlier test, and small ones."""
    monkeypatch.setattr(on_the_spot, "_kept", type(on_the_spot._kept)())
    monkeypatch.setattr(steering, "usual_settings", lambda _model, _files: SMALL)


@pytest.fixture
def measurements(monkeypatch) -> list[str]:
    """The word of each measurement that is really made."""
    made = []

    def measure(model, scene, *more):
        made.append(scene.readings.word)
        return original(model, scene, *more)

    original = on_the_spot.measure
    monkeypatch.setattr(on_the_spot, "measure", measure)
    return made


def voted(model, *concepts, seed=1):
    """Random voted vectors of a model's heads."""
    heads = model_heads(model)
    drawn = torch.rand(len(concepts), len(heads), generator=torch.Generator().manual_seed(seed))
    vectors = drawn * len(heads) / drawn.sum(dim=1, keepdim=True)
    return HeadRelevance(concepts, (("a",),) * len(concepts), heads, vectors)


@pytest.fixture
def file(own_folder, model):
    """The model's own file, with Color, Animals and Plants."""
    save_relevance(own_folder / FILE, voted(model, "Color", "Animals", "Plants"))
    return FILE


def run(model, clip, text=TEXT, **fields):
    """(MODEL, CONDITIONING) of the node; fields that are not given are a new node's."""
    return output(model, clip, text, **fields).args


def said(model, clip, **fields):
    """What then stands on the node."""
    (text,) = output(model, clip, TEXT, **fields).ui.as_dict()["text"]
    return text


def output(model, clip, text, **fields):
    known = (field for field in steer_inputs() if field.id not in ("model", "clip", "text", "hrv"))
    empty = {field.id: "" if field.default is None else field.default for field in known}
    new = {**empty, "preset": "none", "vectors": AUTO}
    return HRVSteer.execute(model, clip, text, **{**new, **fields})


def image(clip, outputs):
    return sample(*outputs, encode(clip, "bad"))


@pytest.mark.parametrize("structure", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_it_is_prompt_load_and_adjust_in_one_bit_for_bit(
    own_folder, models, clip, structure, strength
):
    model = models[structure]
    save_relevance(own_folder / FILE, voted(model, "Color", "Animals", "Plants"))
    positive, hrv = prompt(clip, TEXT), HRVLoad.execute(FILE).args[0]
    adjusted = HRVConceptAdjust.execute(model, hrv, positive, "red", "Color", "Plants", strength)
    asked = {"word": "red", "read_as": "color", "not_as": "Plants", "strength": strength}
    found = image(clip, run(model, clip, **asked))
    assert torch.equal(found, image(clip, (adjusted.args[0], positive)))
    assert not torch.equal(found, image(clip, (model, positive)))


def test_without_not_as_it_is_concept_strengthen(file, model, clip):
    positive, hrv = prompt(clip, TEXT), HRVLoad.execute(FILE).args[0]
    strong = HRVConceptStrengthen.execute(model, hrv, positive, "red", "Color", 0.7).args[0]
    found = image(clip, run(model, clip, word="red", read_as="Color", strength=0.7))
    assert torch.equal(found, image(clip, (strong, positive)))


def test_where_no_file_has_the_reading_it_is_measure_and_adjust_in_one(file, model, clip):
    rows = ("computer mouse", "mouse animal")
    found = image(clip, run(model, clip, word="mouse", read_as=rows[0], not_as=rows[1]))
    positive = prompt(clip, TEXT)
    asked = {key: getattr(SMALL, key) for key in ("images", "steps", "seed", "cfg")}
    asked |= {"width": SMALL.width, "height": SMALL.height}
    hrv = HRVMeasure.execute(model, clip, positive, "mouse", *rows, **asked).args[0]
    adjusted = HRVConceptAdjust.execute(model, hrv, positive, "mouse", *rows, MEASURED_REACH)
    assert torch.equal(found, image(clip, (adjusted.args[0], positive)))


def test_six_passes_steer_as_far_as_the_refinement_says(file, model, clip):
    asked = {"word": "mouse", "read_as": "computer mouse", "not_as": "mouse animal"}
    found = image(clip, run(model, clip, **asked, vectors=IN_PASSES))
    positive = prompt(clip, TEXT)
    (hrv,) = on_the_spot._kept.values()
    assert hrv.provenance["passes"] == "6"
    far, rows = float(hrv.provenance["strength"]), hrv.concepts
    adjusted = HRVConceptAdjust.execute(model, hrv, positive, "mouse", *rows, far).args[0]
    assert torch.equal(found, image(clip, (adjusted, positive)))
    assert not torch.equal(found, image(clip, run(model, clip, **asked)))


def test_several_words_are_several_nodes(file, model, clip):
    positive, hrv = prompt(clip, TEXT), HRVLoad.execute(FILE).args[0]
    adjust = partial(HRVConceptAdjust.execute, hrv=hrv, conditioning=positive)
    one = adjust(model, words="red", desired="Color", undesired="Plants", strength=0.5).args[0]
    two = adjust(one, words="mouse", desired="Animals", undesired="Color", strength=1.2).args[0]
    expected = image(clip, (two, positive))
    rows = "\nred: Color: -Plants: 0.5\n\nmouse: Animals: -Color: 1.2\n"
    assert torch.equal(image(clip, run(model, clip, more_words=rows)), expected)
    mixed = run(
        model,
        clip,
        "a red mouse <hrv:mouse:Animals:-Color:1.2> in snow",
        word="red",
        read_as="Color",
        not_as="Plants",
        strength=0.5,
    )
    assert torch.equal(image(clip, mixed), expected)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"strength": 2.0},
        {"word": "red", "read_as": "Color", "strength": 0.0},
        {"word": "mouse", "read_as": "computer mouse", "strength": 0.0},
        {"more_words": "mouse: computer mouse: 0"},
    ],
)
def test_without_a_word_or_strength_it_is_the_plain_prompt_and_model(
    file, model, clip, measurements, fields
):
    same, positive = run(model, clip, **fields)
    assert same is model and measurements == []
    plain = encode(clip, TEXT)
    assert [torch.equal(a, b) for (a, _), (b, _) in zip(positive, plain, strict=True)] == [True]
    assert torch.equal(image(clip, (same, positive)), image(clip, (model, plain)))


def test_the_model_it_was_given_stays_as_it_was(file, model, clip):
    before = image(clip, (model, prompt(clip, TEXT)))
    run(model, clip, word="mouse", read_as="computer mouse", more_words="red: Color")
    assert torch.equal(image(clip, (model, prompt(clip, TEXT))), before)


def test_a_measurement_serves_every_strength_of_its_word_prompt_and_model(
    file, model, models, clip, measurements
):
    asked = {"word": "mouse", "read_as": "computer mouse", "not_as": "mouse animal"}
    for strength in (1.0, 0.5, 0.0, 1.0):
        run(model, clip, **asked, strength=strength)
    assert measurements == ["mouse"]
    changes = [
        {"text": "a blue mouse in snow"},
        {"read_as": "toy mouse"},
        {"word": "snow"},
        {"model": models["sd2"]},
        {"model": ModelSamplingDiscrete().patch(model, "v_prediction", False)[0]},
    ]
    for number, change in enumerate(changes, start=2):
        for _ in range(2):
            run(**{"model": model, "clip": clip, **asked, **change})
        assert len(measurements) == number


def test_few_measurements_are_kept_and_the_last_used_are(file, model, clip, monkeypatch):
    monkeypatch.setattr(on_the_spot, "_KEPT_AT_MOST", 2)
    for phrase in ("one", "two", "one", "three"):
        run(model, clip, word="mouse", read_as=phrase)
    assert [key[-1] for key in on_the_spot._kept] == ["one", "three"]


def test_cancelling_a_measurement_keeps_nothing_of_it(file, model, clip, monkeypatch):
    class Cancelled(Exception):
        pass

    def stop():
        raise Cancelled

    name = "throw_exception_if_processing_interrupted"
    with monkeypatch.context() as patch:
        patch.setattr(comfy.model_management, name, stop)
        with pytest.raises(Cancelled):
            run(model, clip, word="mouse", read_as="computer mouse")
    assert not on_the_spot._kept
    run(model, clip, word="mouse", read_as="computer mouse")
    assert len(on_the_spot._kept) == 1


def test_a_model_that_steers_another_prompt_can_be_steered_again(file, model, clip):
    first, negative = run(model, clip, "a boat", word="boat", read_as="sail boat")
    both, positive = run(first, clip, word="mouse", read_as="computer mouse")
    found = sample(both, positive, negative)
    assert not torch.equal(found, sample(first, positive, negative))
    alone, _ = run(model, clip, word="mouse", read_as="computer mouse")
    assert not torch.equal(found, sample(alone, positive, negative))


def test_what_is_chosen_goes_before_what_auto_finds(file, model, clip, measurements, own_folder):
    asked = {"word": "red", "read_as": "Color", "not_as": "Plants"}
    found = image(clip, run(model, clip, **asked))
    save_relevance(own_folder / "other.safetensors", voted(model, "Color", "Plants", seed=2))
    other = image(clip, run(model, clip, **asked, vectors="other.safetensors"))
    connected = HRVLoad.execute("other.safetensors").args[0]
    assert not torch.equal(found, other) and measurements == []
    assert torch.equal(image(clip, run(model, clip, **asked, hrv=connected)), other)
    run(model, clip, **asked, vectors=HERE)
    assert measurements == ["red"]
    with pytest.raises(ValueError, match="no concept 'Animals'"):
        run(model, clip, word="red", read_as="Animals", vectors="other.safetensors")


def test_a_saved_measurement_serves_its_own_word_alone(own_folder, model, clip, measurements):
    made = {"made_by": "HRV Measure"}
    hrv = HeadRelevance(
        ("computer mouse",),
        (("mouse",),),
        model_heads(model),
        voted(model, "a").vectors,
        made,
        kind="measured",
    )
    save_relevance(own_folder / "mouse.safetensors", hrv)
    run(model, clip, word="Mouse", read_as="computer mouse")
    assert measurements == []
    run(model, clip, word="snow", read_as="computer mouse")
    assert measurements == ["snow"]


def test_it_tells_for_each_word_what_it_steers_by(file, model, clip):
    asked = {"word": "red", "read_as": "Color", "not_as": "Plants", "more_words": "mouse: Animal"}
    assert said(model, clip, **asked) == (
        "red: Color, not Plants (mine.safetensors)\n"
        "mouse: Animal (measured here) Did you mean 'Animals'?"
    )
    assert "the plain image" in said(model, clip, word="red", read_as="Color", strength=0.0)
    assert "the plain image" in said(model, clip)


def test_what_it_tells_is_told_again_when_its_result_is_kept():
    """The host sends what a node returned for the page, not what it sent while it ran."""
    assert HRVSteer.GET_SCHEMA().has_intermediate_output


def test_what_cannot_be_steered_is_an_error_also_with_strength_0(file, model, clip):
    for strength in (0.0, 1.0):
        said = r"'house' is not in the prompt\. Did you mean 'mouse'"
        with pytest.raises(ValueError, match=said):
            run(model, clip, word="house", read_as="Color", strength=strength)
    with pytest.raises(ValueError, match="asked for twice"):
        run(model, clip, preset="mouse is an animal", word="mouse", read_as="Color")
    with pytest.raises(ValueError, match="no preset 'mouse is'"):
        run(model, clip, preset="mouse is")


def test_the_prompt_is_tagged_without_its_inline_forms(file, model, clip):
    _, positive = run(model, clip, "a red<hrv:red:Color> mouse in (snow:1.2) <lora:x>")
    assert [p.text for p in prompts_of(positive)] == ["a red mouse in (snow:1.2) <lora:x>"]


def test_it_is_run_again_when_a_file_comes_or_changes(own_folder, model):
    before = HRVSteer.fingerprint_inputs(text=TEXT)
    assert HRVSteer.fingerprint_inputs(text=TEXT) == before
    save_relevance(own_folder / FILE, voted(model, "Color"))
    assert HRVSteer.fingerprint_inputs(text=TEXT) == listing() != before
