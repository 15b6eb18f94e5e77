"""What the page's script goes by: the server's marks, and the concepts it answers with."""

import re
from urllib.parse import quote

import pytest

from hrv_pack.tools.api.client import PromptError, ServerError
from hrv_pack.tools.host import ROOT
from hrv_pack.tools.server import PACK

SCRIPT = (ROOT / "web" / "hrv.js").read_text("utf-8")
PAPER = 34


@pytest.fixture(scope="module")
def inputs(object_info):
    """`{(node id, input name): definition}` of the pack's nodes."""
    return {
        (key, name): spec
        for key, info in object_info.items()
        if info["python_module"] == f"custom_nodes.{PACK}"
        for section in ("required", "optional")
        for name, spec in info["input"].get(section, {}).items()
    }


def marked(inputs, listing):
    return {key for key, spec in inputs.items() if spec[1].get("hrv_menu") == listing}


def test_every_menu_of_concepts_is_marked_and_nothing_else(inputs, server):
    concepts = server.get_json("/hrv/concepts?file=" + quote("download: no such file"))["concepts"]
    assert len(concepts) == PAPER
    menus = {
        key
        for key, spec in inputs.items()
        if spec[0] == "COMBO" and {*concepts} <= {*map(str, spec[1]["options"])}
    }
    assert len(menus) >= 8
    assert marked(inputs, "concepts") == menus


def test_a_node_with_a_menu_of_concepts_takes_an_hrv(inputs):
    taking = {node for (node, _), spec in inputs.items() if spec[0] == "HRV"}
    assert {node for node, _ in marked(inputs, "concepts")} <= taking


def test_the_menu_of_files_is_marked_and_each_of_them_can_be_asked_for(inputs, server):
    (menu,) = marked(inputs, "file")
    choices = inputs[menu][1]["options"]
    assert "demo.hrv.safetensors" in choices
    for choice in choices:
        assert server.get_json("/hrv/concepts?file=" + quote(choice))["concepts"]


def test_the_texts_that_name_measured_vectors_are_marked(inputs):
    assert marked(inputs, "row") == {("HRVMeasure", "read_as"), ("HRVMeasure", "not_as")}


def test_the_script_reads_the_mark_and_names_no_node_and_no_input(inputs):
    assert ".hrv_menu" in SCRIPT
    code = re.sub(r"^\s*//.*$", "", SCRIPT, flags=re.MULTILINE)
    spoken = {text for pair in re.findall(r"\"([^\"]*)\"|'([^']*)'", code) for text in pair}
    assert {"concepts", "file", "row"} <= spoken  # what a marked input lists
    named = {word for key in inputs for word in key} - {"concepts", "file"}
    assert spoken & named == set()
    assert not re.search(r"\b(HRV[A-Z]\w+|startsWith)\b", code)


def test_the_answer_for_an_unknown_file_is_an_error(server):
    with pytest.raises(ServerError, match="404"):
        server.get_json("/hrv/concepts?file=none.safetensors")


def test_a_concept_that_no_menu_listed_reaches_the_node(server):
    graph = {
        "1": {"class_type": "HRVLoad", "inputs": {"file": "demo.hrv.safetensors"}},
        "2": {
            "class_type": "HRVInspect",
            "inputs": {
                "hrv": ["1", 0],
                "view": "top heads",
                "concept": "Dragons",
                "top": 3,
                "theme": "dark",
            },
        },
    }
    with pytest.raises(PromptError, match=r"Node 2 \(HRVInspect\) failed: .*Dragons"):
        server.run_prompt(graph)
    graph["2"]["inputs"]["top"] = 51
    with pytest.raises(PromptError, match=r"Node 2 \(HRVInspect\).*top"):
        server.run_prompt(graph)
