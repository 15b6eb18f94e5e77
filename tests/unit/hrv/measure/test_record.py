"""A measurement as vectors: one signed row for each reading."""

from __future__ import annotations

import pytest
import torch

from hrv_pack.hrv.draw.measured_panel import measured_panel
from hrv_pack.hrv.heads import HeadTable
from hrv_pack.hrv.measure.readings import Readings
from hrv_pack.hrv.measure.record import measured_relevance

TABLE = HeadTable((("down", 0, 2), ("mid", 0, 2)))
G = torch.tensor([0.02, -0.08, 0.0, 0.04], dtype=torch.float64)
BOTH = Readings("mouse#2", "computer mouse", "mouse animal")


def test_the_other_reading_has_the_same_heads_with_the_other_sign():
    found = measured_relevance(G, BOTH, TABLE, {"seed": "1"})
    assert found.kind == "measured" and found.concepts == BOTH.rows
    assert torch.equal(found.vectors, torch.stack([G, -G]).float())
    assert found.words == (("mouse#2",), ("mouse#2",)) and found.provenance == {"seed": "1"}


def test_a_reading_against_everything_has_one_row():
    found = measured_relevance(G, Readings("mouse", "computer mouse"), TABLE, {})
    assert torch.equal(found.vectors, G[None].float())


def test_a_measurement_in_which_no_head_does_anything_is_refused():
    with pytest.raises(ValueError, match="No head has a measured effect"):
        measured_relevance(torch.zeros(4), BOTH, TABLE, {})


def test_the_page_is_the_heat_map_with_the_readings_above_it():
    relevance = measured_relevance(G, BOTH, TABLE, {})
    heads = measured_panel(relevance, [])
    tiles = [(name, torch.full((8, 12, 3), 0.5)) for name in BOTH.rows]
    page = measured_panel(relevance, tiles)
    assert page.shape[1] == heads.shape[1] and page.shape[0] > heads.shape[0]
    assert (page[-heads.shape[0] :] == heads).all()
