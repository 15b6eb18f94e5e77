"""What the page's script goes by: the server's marks, and the concepts it answers with."""

import re
from urllib.parse import quote

import pytest

from hrv_pack.tools.api.client import PromptError, ServerError
from hrv_pack.tools.host import ROOT
from hrv_pack.tools.server import PACK

SCRIPTS = {path.name: path.read_text("utf-8") for path in (ROOT / "web").glob("*.js")}
PAPER = 34
PUBLISHED = "download: HRV SD1.4 (paper authors)"  # never fetched here


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
    concepts = server.get_json("/hrv/concepts?file=" + quote(PUBLISHED))["concepts"]
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


def test_the_scripts_read_the_marks_and_name_no_node_and_no_input(inputs):
    code = re.sub(r"(^|\s)//.*$", "", "\n".join(SCRIPTS.values()), flags=re.MULTILINE)
    spoken = {text for pair in re.findall(r"\"([^\"]*)\"|'([^']*)'", code) for text in pair}
    assert {"hrv_menu", "hrv_words", "hrv_prompt"} <= spoken
    assert {"concepts", "file", "row", "phrase", "pairs"} <= spoken  # what marks say of an input
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


def test_every_field_that_names_words_is_marked_with_inputs_of_its_node(inputs):
    marks = {key: spec[1]["hrv_words"] for key, spec in inputs.items() if "hrv_words" in spec[1]}
    named = {key for key in inputs if re.search(r"(^|_)words?$", key[1])}
    assert set(marks) == named and len(named) >= 8
    for (node, _), mark in marks.items():
        assert mark["of"] and {(node, other) for other in mark["of"]} <= inputs.keys()


def test_texts_that_are_prompts_are_marked(inputs):
    prompts = {key for key, spec in inputs.items() if spec[1].get("hrv_prompt")}
    assert {("HRVPrompt", "text"), ("HRVTagPrompt", "text"), ("HRVSteer", "text")} <= prompts


def asked_words(server, **question):
    return server.post_json("/hrv/words", question)


def test_the_words_of_a_typed_prompt_are_answered(server):
    prompts = ["a (red:1.3) mouse and a mouse"]
    answer = asked_words(server, prompts=prompts, words="mouse#2, cat: Animals", form="pairs")
    picks = {word["pick"]: word["phrase"] for word in answer["words"]}
    assert picks == {"a#1": None, "red": None, "mouse#1": None, "and": None, "a#2": None} | {
        "mouse#2": 0
    }
    assert len(answer["missing"]) == 1 and "cat" in answer["missing"][0]


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"prompts": "text", "words": 3},
        {"prompts": [None], "words": ""},
        {"prompts": ["a" * 30_000], "words": ""},
    ],
)
def test_a_question_that_is_none_is_refused(server, question):
    with pytest.raises(ServerError, match="400"):
        asked_words(server, **question)
