"""Measured HRVs: what they may hold, their files, and what each consumer does with them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from hrv_pack.hrv.construct.merging import add_up
from hrv_pack.hrv.draw.timestep_bins import timestep_bins_map
from hrv_pack.hrv.files.hrv_file import load_relevance, read_header, save_relevance
from hrv_pack.hrv.head_choice import head_order, top_heads
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.hrv.rescale import adjusting, blend, emphasis, ranking, strengthening
from hrv_pack.hrv.similarity import cosine_matrix

TABLE = HeadTable((("down", 0, 2), ("mid", 0, 2)))
G = torch.tensor([0.02, -0.08, 0.0, 0.04])
ROWS = ("mouse animal", "computer mouse")


def measured(**changes) -> HeadRelevance:
    fields = {
        "concepts": ROWS,
        "words": (("mouse",), ("mouse",)),
        "heads": TABLE,
        "vectors": torch.stack([G, -G]),
        "provenance": {"made_by": "HRV Measure"},
        "kind": "measured",
    }
    return HeadRelevance(**{**fields, **changes})


def voted() -> HeadRelevance:
    return HeadRelevance(
        ("Color",), (("red",),), TABLE, torch.tensor([[1.0, 3.0, 0.0, 0.0]]), {"seed": "1"}
    )


def test_signed_vectors_are_measured_ones_alone():
    with pytest.raises(ValueError, match="not negative"):
        measured(kind="voted")
    with pytest.raises(ValueError, match="sum to the number of heads"):
        measured(kind="voted", vectors=torch.stack([G.abs(), G.abs()]))
    with pytest.raises(ValueError, match="must be finite"):
        measured(vectors=torch.stack([G, G * torch.nan]))


def test_kinds_that_the_pack_does_not_know_and_votes_of_measured_ones_are_refused():
    with pytest.raises(ValueError, match="found 'guessed'"):
        measured(kind="guessed")
    with pytest.raises(ValueError, match="no votes"):
        measured(votes=torch.ones(2, 4, dtype=torch.int64))


def test_a_measured_hrv_comes_back_bit_for_bit(tmp_path: Path):
    path = save_relevance(tmp_path / "a.safetensors", measured())
    loaded = load_relevance(path)
    assert loaded.kind == "measured" and torch.equal(loaded.vectors, measured().vectors)
    assert dict(loaded.provenance) == dict(measured().provenance)
    assert read_header(path).concepts == ROWS
    with safe_open(path, framework="pt") as file:
        assert file.metadata()["version"] == "2"


def test_a_voted_hrv_is_written_as_before_there_were_kinds(tmp_path: Path):
    path = save_relevance(tmp_path / "a.safetensors", voted())
    with safe_open(path, framework="pt") as file:
        found = file.metadata()
    assert found["version"] == "1"
    assert set(found) == {"format", "version", "concepts", "words", "heads", "provenance"}
    assert load_relevance(path).kind == "voted"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "guessed"}, "'guessed', which this pack does not know"),
        ({"kind": None}, "None, which this pack does not know"),
        ({"version": "3"}, "reads up to 2. Update the pack"),
        ({"kind": "voted"}, "not negative"),
        ({"version": "1"}, "not negative"),
    ],
)
def test_files_of_other_kinds_and_of_the_future_are_refused(tmp_path: Path, changes, message):
    fields = {
        "format": "hrv",
        "version": "2",
        "kind": "measured",
        "concepts": json.dumps(ROWS),
        "words": json.dumps([["mouse"], ["mouse"]]),
        "heads": json.dumps(TABLE.names),
        "provenance": "{}",
        **changes,
    }
    path = tmp_path / "a.safetensors"
    metadata = {key: value for key, value in fields.items() if value is not None}
    save_file({"vectors": measured().vectors}, path, metadata)
    with pytest.raises(ValueError, match=message):
        load_relevance(path)


def test_a_file_of_the_second_version_may_hold_votes(tmp_path: Path):
    path = save_relevance(tmp_path / "a.safetensors", voted())
    with safe_open(path, framework="pt") as file:
        metadata = {**file.metadata(), "version": "2", "kind": "voted"}
    save_file({"vectors": voted().vectors}, path, metadata)
    assert load_relevance(path).kind == "voted"


def test_strength_is_the_reach():
    for reach in (0.0, 1.0, 2.0):
        expected = 1 + reach * G / 0.08
        assert torch.allclose(blend(strengthening(measured(), ROWS[0]), reach), expected)
        assert torch.allclose(blend(adjusting(measured(), *ROWS), reach), expected)


def test_adjusting_leads_back_with_the_rows_exchanged_and_one_row_serves_both_ways():
    there, back = adjusting(measured(), *ROWS), adjusting(measured(), *reversed(ROWS))
    assert torch.allclose(there + back, torch.full((4,), 2.0))
    one = measured(concepts=ROWS[:1], words=(("mouse",),), vectors=G[None])
    assert torch.allclose(adjusting(one, ROWS[0], ROWS[0]), there)
    assert torch.allclose(adjusting(one, ROWS[0], ROWS[0], a=1.0, b=2.0), back)


def test_the_clamp_of_voted_hrvs_does_not_bound_measured_ones():
    assert torch.equal(strengthening(measured(), ROWS[0], upper=0.01), 1 + G / 0.08)


def test_heads_are_ordered_by_their_effect():
    assert head_order(measured().row(ROWS[0]), "MoRHF").tolist() == [3, 0, 2, 1]
    assert [float(value) for _, value in top_heads(measured(), ROWS[1], 2)] == pytest.approx(
        [0.08, 0.0]
    )


def test_weights_are_the_positive_part_and_a_voted_row_itself():
    assert torch.allclose(measured().weights(ROWS[0]), torch.tensor([4 / 3, 0, 0, 8 / 3]))
    assert torch.equal(measured().weights(ROWS[1]), torch.tensor([0.0, 4.0, 0.0, 0.0]))
    assert torch.equal(voted().weights("Color"), voted().row("Color"))
    assert emphasis(measured(), ROWS[1], upper=3.0).tolist() == [0.0, 3.0, 0.0, 0.0]


def test_readings_of_one_measurement_are_opposite():
    assert float(cosine_matrix(measured().vectors)[0, 1]) == pytest.approx(-1)


def test_what_needs_votes_refuses_measured_hrvs():
    with pytest.raises(ValueError, match="Measured and voted HRVs cannot be added up"):
        add_up([measured(), voted()])
    with pytest.raises(ValueError, match="not by HRV Construct, so it has no counts"):
        add_up([measured(), measured()])
    with pytest.raises(ValueError, match="no timestep bins"):
        timestep_bins_map(measured())


def test_the_kind_is_voted_where_nothing_is_said():
    assert voted().kind == "voted"
    assert dataclasses.replace(voted(), provenance={}).kind == "voted"


def test_heads_are_ranked_by_the_row_or_by_what_is_its_own():
    rows = torch.tensor([[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
    hrv = measured(vectors=rows)
    assert torch.equal(ranking(hrv, ROWS[0]), rows[0])
    assert head_order(ranking(hrv, ROWS[0], own=True), "MoRHF")[0] == 0
    assert head_order(ranking(hrv, ROWS[1], own=True), "MoRHF")[0] == 1


def test_votes_have_nothing_of_their_own_to_rank_by():
    assert torch.equal(ranking(voted(), voted().concepts[0]), voted().vectors[0])
    with pytest.raises(ValueError, match="these were voted"):
        ranking(voted(), voted().concepts[0], own=True)
