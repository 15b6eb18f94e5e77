"""Every node has a help page that names its inputs; workflows save only inputs there are."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from hrv_pack.tools.host import ROOT

DOCS = sorted((ROOT / "web" / "docs").glob("*.md"))
WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))
BLUEPRINTS = sorted((ROOT / "subgraphs").glob("*.json"))
TITLE = 30  # pixels above a node's position
each_page = pytest.mark.parametrize("page", DOCS, ids=lambda path: path.stem)
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def _node_id(part: ast.AST) -> str:
    """The id in a node class's schema; read from the source, for importing needs the host."""
    for call in ast.walk(part):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "io.Schema":
            return next(ast.literal_eval(k.value) for k in call.keywords if k.arg == "node_id")
    raise AssertionError("a node class without a schema")


def registered() -> set[str]:
    """The names of the node classes in the pack's list."""
    tree = ast.parse((ROOT / "nodes" / "extension.py").read_text("utf-8"))
    listed = next(n for n in tree.body if isinstance(n, ast.AnnAssign) and n.value)
    assert isinstance(listed.value, ast.List)
    return {ast.unparse(name) for name in listed.value.elts}


def node_inputs() -> dict[str, list[str]]:
    """`{node id: input names}` of the registered nodes; `execute` takes exactly the inputs."""
    found = {}
    for path in (ROOT / "nodes").rglob("*.py"):
        for part in ast.parse(path.read_text("utf-8")).body:
            if isinstance(part, ast.ClassDef) and part.name in registered():
                execute = next(f for f in part.body if getattr(f, "name", "") == "execute")
                assert isinstance(execute, ast.FunctionDef)
                found[_node_id(part)] = [a.arg for a in execute.args.args if a.arg != "cls"]
    assert len(found) == len(registered())
    return found


NODES = node_inputs()


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_every_registered_node_has_a_help_page():
    assert set(NODES) - {path.stem for path in DOCS} == set()


def test_every_help_page_is_of_a_node_that_exists():
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "nodes").rglob("*.py"))
    assert [path.stem for path in DOCS if f'node_id="{path.stem}"' not in sources] == []


@each_page
def test_a_page_says_what_the_node_does_first_and_names_every_input(page):
    text = page.read_text("utf-8")
    lines = [line for line in text.splitlines() if line]
    assert lines[0].startswith("# ")
    assert lines[1][0] not in "#|-`"
    assert [name for name in NODES.get(page.stem, ()) if f"`{name}`" not in text] == []


@each_workflow
def test_our_nodes_are_saved_with_exactly_their_inputs(path):
    ours = [node for node in read(path)["nodes"] if node["type"].startswith("HRV")]
    assert ours
    for node in ours:
        assert {slot["name"] for slot in node["inputs"]} == set(NODES[node["type"]])


@each_workflow
def test_a_link_joins_slots_of_its_type_and_stands_at_both_ends(path):
    workflow = read(path)
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for link, source, out, target, into, kind in workflow["links"]:
        output, slot = nodes[source]["outputs"][out], nodes[target]["inputs"][into]
        assert output["type"] == slot["type"] == kind
        assert link in output["links"]
        assert slot["link"] == link


@each_workflow
def test_nodes_do_not_overlap(path):
    boxes = [(*n["pos"], *n["size"], n["id"]) for n in read(path)["nodes"]]
    for i, (x, y, w, h, key) in enumerate(boxes):
        for x2, y2, w2, h2, other in boxes[:i]:
            beside = x + w <= x2 or x2 + w2 <= x
            below = y + h <= y2 - TITLE or y2 + h2 <= y - TITLE
            assert beside or below, f"nodes {key} and {other} overlap"


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_a_blueprint_is_one_node_named_as_its_file_with_the_inputs_of_its_subgraph(path):
    (root,), (inside,) = read(path)["nodes"], read(path)["definitions"]["subgraphs"]
    assert root["type"] == inside["id"] and inside["name"] == root["title"] == path.stem
    slots = [[(slot["name"], slot["type"]) for slot in each["inputs"]] for each in (root, inside)]
    assert slots[0] == slots[1]
    nodes = {node["id"]: node for node in inside["nodes"]}
    for link in inside["links"]:
        within, into = inside["inputs"], inside["outputs"]
        if link["origin_id"] in nodes:
            within = nodes[link["origin_id"]]["outputs"]
        if link["target_id"] in nodes:
            into = nodes[link["target_id"]]["inputs"]
            assert into[link["target_slot"]]["link"] == link["id"]
        ends = within[link["origin_slot"]], into[link["target_slot"]]
        assert {end["type"] for end in ends} == {link["type"]}
    ours = [node for node in nodes.values() if node["type"].startswith("HRV")]
    assert ours
    for node in ours:
        assert {slot["name"] for slot in node["inputs"]} == set(NODES[node["type"]])


@pytest.mark.parametrize(
    "page",
    [
        "docs/architecture.md",
        "docs/README.md",
        "docs/measured.md",
        "docs/parity.md",
        "CONTRIBUTING.md",
    ],
)
def test_what_a_page_about_the_code_names_is_there(page):
    text = (ROOT / page).read_text("utf-8")
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]*)+)`", text))
    linked = {(ROOT / page).parent / target for target in re.findall(r"\]\(([^)#:]+)\)", text)}
    assert named or linked
    assert sorted(path for path in named if not (ROOT / path).exists()) == []
    assert sorted(path for path in linked if not path.exists()) == []


def test_what_the_readme_shows_and_links_is_there():
    linked = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert linked and [target for target in linked if not (ROOT / target).exists()] == []


def test_the_journeys_name_browser_tests_that_there_are():
    told = (ROOT / "docs" / "journeys.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", told))
    files = set(re.findall(r"`(test_\w+\.py)`", told))
    sources = [(ROOT / "tests" / "browser" / name).read_text("utf-8") for name in files]
    there = set(re.findall(r"^def (test_\w+)", "\n".join(sources), re.MULTILINE))
    assert len(named) > 15 and named - there == set()
    numbers = re.findall(r"^\| ([\d, ]+) \|", told, re.MULTILINE)
    assert [int(each) for each in ", ".join(numbers).split(", ")] == list(range(1, 21))
