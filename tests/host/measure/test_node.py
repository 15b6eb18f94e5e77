"""HRV Measure as a node: what it gives, tells and refuses, and that the other nodes take it."""

from __future__ import annotations

import pytest
import torch
from measure_scene import prompt

import nodes as host_nodes
from hrv_pack.hrv.files.hrv_file import load_relevance, save_relevance
from hrv_pack.nodes.excite.node import AttendExcite
from hrv_pack.nodes.library.inspect import HRVInspect
from hrv_pack.nodes.measure import node, report
from hrv_pack.nodes.measure.node import HRVMeasure
from hrv_pack.nodes.measure.run import sample_images
from hrv_pack.nodes.measure.settings import MeasureSettings
from hrv_pack.nodes.steering.nodes import (
    HRVConceptAdjust,
    HRVConceptStrengthen,
    HRVOrderedWeaken,
)

pytestmark = pytest.mark.usefixtures("host", "inference")
ROWS = ("computer mouse", "mouse animal")
ASKED = {"images": 3, "steps": 2, "seed": 3, "cfg": 4.0, "width": 64, "height": 64}


class Decoder:
    """A VAE that shows the latent's first channels, eight pixels for one."""

    def decode(self, latent):
        shown = latent[:, :3].movedim(1, -1).sigmoid()
        return shown.repeat_interleave(8, dim=1).repeat_interleave(8, dim=2)


def measured(model, clip, word="mouse", read_as=ROWS[0], not_as=ROWS[1], **changed):
    asked = {**ASKED, **changed}
    return HRVMeasure.execute(model, clip, prompt(clip), word, read_as, not_as, **asked)


@pytest.fixture(scope="module")
def hrv(model, clip):
    with torch.inference_mode():
        return measured(model, clip).args[0]


def test_it_gives_a_signed_row_for_each_phrase(hrv):
    assert hrv.kind == "measured" and hrv.concepts == ROWS
    assert torch.equal(hrv.vectors[0], -hrv.vectors[1])
    assert bool((hrv.vectors[0] > 0).any()) and bool((hrv.vectors[0] < 0).any())
    assert hrv.words == (("mouse",), ("mouse",))
    assert hrv.provenance["made_by"] == "HRV Measure"
    assert "2 steps, cfg 4, 64x64" in hrv.provenance["sampling"]


def test_without_another_phrase_there_is_one_row(model, clip):
    found = measured(model, clip, not_as=" ").args[0]
    assert found.concepts == ROWS[:1]


def test_equal_seeds_measure_equally_and_others_otherwise(model, clip, hrv):
    assert torch.equal(measured(model, clip).args[0].vectors, hrv.vectors)
    assert not torch.equal(measured(model, clip, seed=4).args[0].vectors, hrv.vectors)


def test_a_saved_measurement_is_loaded_again(hrv, tmp_path):
    loaded = load_relevance(save_relevance(tmp_path / "mouse.safetensors", hrv))
    assert loaded.kind == "measured" and torch.equal(loaded.vectors, hrv.vectors)


def test_every_node_that_takes_vectors_takes_it(model, clip, hrv):
    positive = prompt(clip)
    settings = MeasureSettings(**{**ASKED, "images": 1})
    lists = {"positive": positive, "negative": clip.encode_from_tokens_scheduled(clip.tokenize(""))}
    plain = sample_images(model, lists, settings, [0])
    changed = [
        HRVConceptAdjust.execute(model, hrv, positive, "mouse", *ROWS, 1.0),
        HRVConceptStrengthen.execute(model, hrv, positive, "mouse", ROWS[0], 1.0),
        HRVOrderedWeaken.execute(model, hrv, positive, ROWS[0], "MoRHF", 3, "heads", -2.0),
        AttendExcite.execute(model, positive, f"mouse: {ROWS[0]}", 1.0, thresholds="", hrv=hrv),
    ]
    found = [sample_images(each.args[0], lists, settings, [0]) for each in changed]
    assert all(bool(latent.isfinite().all()) for latent in found)
    assert not any(torch.equal(latent, plain) for latent in found)
    # of one measurement, adjusting towards a reading is strengthening it
    assert (found[0] - found[1]).abs().max() < 1e-4 * found[0].abs().max()


@pytest.mark.parametrize("view", ["heat map of one concept", "similarity", "top heads"])
def test_it_can_be_inspected(hrv, view):
    image = HRVInspect.execute(hrv, view, ROWS[1], 3, "dark").args[0]
    assert image.shape[0] == 1 and float(image.std()) > 0


def test_the_preview_has_the_readings_over_the_heads(model, clip):
    heads = measured(model, clip, images=1).args[1]
    both = measured(model, clip, images=1, vae=Decoder()).args[1]
    assert both.shape[2:] == heads.shape[2:] and both.shape[1] > heads.shape[1] + 300
    assert torch.equal(both[:, -heads.shape[1] :], heads)


def test_a_vae_that_fails_costs_no_measurement(model, clip, monkeypatch):
    said = []
    monkeypatch.setattr(report, "show_text", lambda text, _node: said.append(text))

    class Broken(Decoder):
        def decode(self, latent):
            raise RuntimeError("a VAE of another model")

    with pytest.raises(RuntimeError, match="another model"):
        measured(model, clip, vae=Broken())
    assert not said


def test_it_tells_how_far_it_is_and_how_well_the_halves_agree(model, clip, monkeypatch):
    said = []
    for place in (report, node):
        monkeypatch.setattr(place, "show_text", lambda text, _node: said.append(text))
    found = measured(model, clip).args[0]
    assert said[0] == "3 of 6 steps of images measured"
    assert said[-1].startswith(
        f"3 images; cosine of the vectors of their two halves: {found.provenance['agreement']}"
    )
    assert -1 <= float(found.provenance["agreement"]) <= 1
    alone = measured(model, clip, images=1).args[0]
    assert alone.provenance["agreement"] == "unknown"


def test_it_stops_where_it_is_cancelled(model, clip, monkeypatch):
    class Cancelled(Exception):
        pass

    def stop():
        raise Cancelled

    import comfy.model_management

    monkeypatch.setattr(comfy.model_management, "throw_exception_if_processing_interrupted", stop)
    with pytest.raises(Cancelled):
        measured(model, clip)


def test_a_prompt_that_never_acts_is_an_error_that_names_its_timestep_range(model, clip):
    between = host_nodes.ConditioningSetTimestepRange().set_range(prompt(clip), 0.4, 0.6)[0]
    with pytest.raises(ValueError, match=r"in none of the steps.* timestep range"):
        HRVMeasure.execute(model, clip, between, "mouse", *ROWS, **ASKED)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"not_as": "Computer  mouse"}, "say the same"),
        ({"read_as": ""}, "read as"),
        ({"word": ""}, "Name one word"),
        ({"word": "crane"}, "crane"),
        ({"images": 0}, "images must be 1 or more"),
        ({"width": 68}, "multiples of 8"),
    ],
)
def test_what_it_cannot_measure_is_an_error(model, clip, asked, message):
    with pytest.raises(ValueError, match=message):
        measured(model, clip, **asked)
