"""docs/families.md row by row: it names every family, and says of each what the hooks say."""

from __future__ import annotations

import pytest
from tiny_transformers import STRUCTURES, make_transformer

from hrv_pack.hrv.families.registry import FAMILIES, family_of
from hrv_pack.nodes.construct.measured.hook import ConceptMeasuring
from hrv_pack.nodes.construct.voting import Voting
from hrv_pack.nodes.excite.hook import Excite
from hrv_pack.nodes.maps.capture_hook import Capture
from hrv_pack.nodes.measure.hook import Measuring
from hrv_pack.nodes.p2p.pair_edit import PairEdit
from hrv_pack.nodes.steering.rescale import Rescale
from hrv_pack.tools.host import ROOT

pytestmark = pytest.mark.usefixtures("host")
HOOKS = {
    "Word Weight": [Rescale],
    "HRV Capture": [Capture],
    "HRV Measure": [Measuring, ConceptMeasuring],
    "HRV Construct with recipe paper": [Voting],
    "Change a Word": [PairEdit],
    "Nothing Forgotten": [Excite],
}


@pytest.fixture(scope="module")
def rows():
    """The cells of the table's rows, the heading first."""
    lines = (ROOT / "docs" / "families.md").read_text("utf-8").splitlines()
    table = [line for line in lines if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_every_family_has_a_row_and_a_tiny_model(rows):
    names = {family.name for family in FAMILIES}
    assert {row[0] for row in rows[2:]} == names
    models = (make_transformer(name).get_model_object("diffusion_model") for name in STRUCTURES)
    assert {family_of(model).name for model in models} == names


def test_what_acts_and_what_is_refused(rows):
    heading, unets, *transformers = rows
    assert set(unets[1:]) == {"exact"}
    for column, (node, hooks) in enumerate(HOOKS.items(), 1):
        assert heading[column].startswith(node)
        (acts,) = {hook.on_transformers for hook in hooks}
        own = {row[0]: row[column] for row in transformers}
        if hooks == [Voting]:
            assert acts and own == {family.name: votes_of(family) for family in FAMILIES}
        else:
            assert set(own.values()) == {"exact" if acts else "refused"}


def votes_of(family):
    """How heads of a family vote."""
    return "stream" if family.joint else "exact"
