"""What an artist sees of the nodes before connecting anything: how many fields, found by what."""

import pytest

from hrv_pack.tools.api.workflow import widget_type
from hrv_pack.tools.server import PACK

MOST = 7  # fields of a node that are not advanced
FOUND = {
    "DAAM": {"HRVCapture", "HRVExplore", "HRVSelectiveAttentionMap"},
    "heat map": {"HRVExplore", "HRVSelectiveAttentionMap"},
    "attention viewer": {"HRVExplore"},
    "heatmap": {"HRVSelectiveAttentionMap"},
    "attention map": {"HRVSelectiveAttentionMap"},
    "segmentation": {"HRVSelectiveAttentionMap"},
    "prompt to prompt": {"HRVP2PEdit", "HRVP2PSplit"},
    "prompt-to-prompt": {"HRVP2PEdit"},
    "p2p": {"HRVP2PEdit", "HRVP2PSplit"},
    "change a word": {"HRVP2PEdit"},
    "attend and excite": {"HRVAttendExcite"},
    "attend-and-excite": {"HRVAttendExcite"},
    "forgotten": {"HRVAttendExcite"},
    "missing object": {"HRVAttendExcite"},
    "ambiguous word": {"HRVSteer", "HRVConceptAdjust", "HRVMeasure", "HRVMisreadingDiagnosis"},
    "two meanings": {"HRVSteer", "HRVConceptAdjust", "HRVMeasure"},
    "misread": {"HRVSteer", "HRVConceptAdjust", "HRVMisreadingDiagnosis"},
    "text encode": {"HRVPrompt", "HRVTagPrompt"},
    "attention heads": {"HRVLoad", "HRVConceptAdjust", "HRVConceptStrengthen"},
    "MoRHF": {"HRVOrderedWeaken"},
    "remove a concept": {"HRVOrderedWeaken"},
    "prompt weight": {"HRVConceptStrengthen", "HRVWordWeight"},
    "emphasis": {"HRVWordWeight"},
    "xy plot": {"HRVStrengthSweep", "HRVSheet"},
    "grid": {"HRVStrengthSweep", "HRVSheet"},
    "sweep": {"HRVStrengthSweep"},
    "slider sheet": {"HRVStrengthSweep"},
    "several strengths": {"HRVStrengthSweep"},
    "contact sheet": {"HRVSheet"},
}


@pytest.fixture(scope="module")
def ours(object_info):
    return {
        key: info
        for key, info in object_info.items()
        if info["python_module"] == f"custom_nodes.{PACK}"
    }


def fields(info):
    """{name: options} of the inputs that have a field on the node."""
    inputs = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
    return {name: spec[1] for name, spec in inputs.items() if widget_type(spec)}


def test_no_node_begins_with_more_fields_than_can_be_taken_in(ours):
    shown = {
        key: [name for name, options in fields(info).items() if not options.get("advanced")]
        for key, info in ours.items()
    }
    assert {key: names for key, names in shown.items() if len(names) > MOST} == {}


def test_no_node_begins_with_a_concept_against_itself(ours):
    for key, info in ours.items():
        menus = [each for each in fields(info).values() if each.get("hrv_menu") == "concepts"]
        begun = [menu["default"] for menu in menus]
        assert len(set(begun)) == len(begun), key
        assert all(menu["default"] in menu["options"] for menu in menus), key


@pytest.mark.parametrize("term", FOUND)
def test_an_artists_term_finds_the_nodes(ours, term):
    """The page's search looks at names and search aliases, not at descriptions."""
    spoken = {
        key: " | ".join([info["display_name"], *(info.get("search_aliases") or ())]).lower()
        for key, info in ours.items()
    }
    assert FOUND[term] <= {key for key, text in spoken.items() if term.lower() in text}
