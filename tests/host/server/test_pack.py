"""The pack as the real server loads it from custom_nodes/."""

import pytest

from hrv_pack.tools.server import PACK

NAMES = {
    "HRV Steer",
    "HRV Load",
    "HRV Save",
    "HRV Inspect",
    "HRV Prompt",
    "HRV Tag Prompt",
    "HRV Construct",
    "HRV Demo Model",
    "Concept Strengthen",
    "Concept Adjust",
    "Ordered Weaken",
    "Word Weight",
    "Change a Word (P2P-HRV Edit)",
    "P2P Split",
    "HRV Capture",
    "HRV Explore",
    "HRV Strength Sweep",
    "HRV Sheet",
    "Selective Attention Map",
    "Misreading Diagnosis",
    "Nothing Forgotten (A&E-HRV)",
    "HRV Concepts",
    "HRV Merge",
    "HRV Measure",
}


@pytest.fixture(scope="module")
def ours(object_info):
    return {
        key: info
        for key, info in object_info.items()
        if info["python_module"] == f"custom_nodes.{PACK}"
    }


def test_the_pack_loads_without_a_word_of_complaint(server, ours):
    assert ours, server.log
    troubled = [line for line in server.log.splitlines() if PACK in line and "FAILED" in line]
    assert troubled == []
    assert "Traceback" not in server.log.split("Starting server")[0]


def test_the_nodes_are_exactly_these(ours):
    assert {info["display_name"] for info in ours.values()} == NAMES


def test_ids_start_with_hrv_and_nodes_lie_in_one_category(ours):
    assert [key for key in ours if not key.startswith("HRV")] == []
    assert {info["category"] for info in ours.values()} == {"HRV"}


def test_every_node_says_what_it_does(ours):
    assert [key for key, info in ours.items() if not info["description"]] == []


def test_every_input_has_a_tooltip(ours):
    bare = [
        f"{key}.{name}"
        for key, info in ours.items()
        for section in ("required", "optional")
        for name, spec in info["input"].get(section, {}).items()
        if not (len(spec) > 1 and spec[1].get("tooltip"))
    ]
    assert bare == []
