"""The house's numbers as laws: sizes of files and functions, who may import whom.

EXCEPTIONS says what does not keep a law, and why; it may only shrink.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from statistics import median, quantiles

import pytest
from source import body_length, circle, graph, length, modules, parameters

from hrv_pack.tools.host import ROOT

FOLDERS = ("hrv", "nodes", "benchmarks", "demo", "tools")
MODULES = modules(ROOT, FOLDERS)
EDGES = graph(MODULES)
FUNCTIONS = {name: each for module in MODULES for name, each in module.functions()}
# Lists of a node's inputs are as long as the node has inputs.
CODE = {
    name: function
    for name, function in FUNCTIONS.items()
    if function.name != "define_schema" and not function.name.endswith("inputs")
}
# What hrv/ must not see: the host's modules. (Its own folder `nodes` is looked at in EDGES.)
HOST = {"comfy", "comfy_api", "comfy_execution", "comfy_extras", "execution", "folder_paths"}
HOST |= {"latent_preview", "node_helpers", "nodes", "server"}
MAY_IMPORT = {
    "hrv": {"hrv"},
    "nodes": {"nodes", "hrv", "demo"},  # the node that loads the demo model
    "demo": {"demo", "hrv"},
    "tools": {"tools", "demo", "nodes", "hrv"},
    "benchmarks": {"benchmarks", "tools", "demo", "nodes", "hrv"},
}

# Folders of nodes/ that others build on, and what of nodes/ each may import itself. Every other
# folder is a feature, and features do not know one another.
SHARED = {
    "host": {"host", "prompts"},
    "shared": {"shared", "host"},
    "prompts": {"prompts", "shared"},
    "library": {"library", "shared", "host"},
    "effects": {"effects", "host", "prompts"},
}

# Features that are made of other features' parts, and nobody's part themselves.
COMPOSED = {
    "simple": {"simple", "steering", "measure", *SHARED},
    "explore": {"explore", "maps", *SHARED},
}

# {law: {what does not keep it: why}}
EXCEPTIONS = {
    "many parameters": {
        "nodes/host/patching.py:_call_unet": "ComfyUI calls the wrapper of a UNet with these",
    },
    "full folders": {
        "demo": "scripts of one finished training, kept as the model card names them",
    },
}


def only_excepted(law: str, found: set[str]) -> None:
    """Nothing but the exceptions, and none of those that keeps the law by now."""
    assert found == set(EXCEPTIONS.get(law, ()))


def in_folder(folder: str, names: dict) -> list:
    return [each for name, each in names.items() if name.startswith(f"{folder}/")]


def test_the_laws_look_at_the_whole_project():
    assert {module.path.partition("/")[0] for module in MODULES} == set(FOLDERS)
    assert len(FUNCTIONS) > 1000 and sum(map(len, EDGES.values())) > 300


def test_files_have_at_most_300_lines():
    only_excepted("long files", {m.path for m in MODULES if m.lines > 300})


@pytest.mark.parametrize("folder", ["hrv", "nodes"])
def test_half_of_the_files_have_at_most_120_lines(folder):
    sizes = [m.lines for m in MODULES if m.path.startswith(folder) and not m.is_package]
    assert median(sizes) <= 120


def test_functions_have_at_most_50_lines():
    only_excepted("long functions", {name for name, f in CODE.items() if length(f) > 50})


@pytest.mark.parametrize("folder", FOLDERS)
def test_most_functions_are_small(folder):
    sizes = [length(function) for function in in_folder(folder, CODE)]
    assert median(sizes) <= 8
    assert quantiles(sizes, n=10)[-1] <= 22


def test_bodies_of_nodes_have_fewer_than_20_lines():
    bodies = {n: body_length(f) for n, f in FUNCTIONS.items() if f.name == "execute"}
    assert bodies
    only_excepted("long bodies of nodes", {name for name, lines in bodies.items() if lines >= 20})


def test_functions_have_at_most_six_parameters():
    # A node's execute takes the node's inputs, as many as they are.
    many = {n for n, f in FUNCTIONS.items() if parameters(f) > 6 and f.name != "execute"}
    only_excepted("many parameters", many)


def test_folders_hold_at_most_12_modules():
    held = Counter(Path(m.path).parent.as_posix() for m in MODULES if not m.is_package)
    only_excepted("full folders", {folder for folder, count in held.items() if count > 12})


def test_nothing_imports_itself_in_a_circle():
    assert circle(EDGES) == []


def test_imports_run_one_way():
    for module in MODULES:
        folder = module.path.partition("/")[0]
        seen = {target.partition(".")[0] for target in EDGES[module.name]}
        assert seen <= MAY_IMPORT[folder], module.path


def test_features_build_on_shared_folders_and_do_not_know_one_another():
    for name, targets in EDGES.items():
        parts = name.split(".")
        if parts[0] == "nodes" and len(parts) >= 3:
            seen = {target.split(".")[1] for target in targets if target.startswith("nodes.")}
            allowed = SHARED | COMPOSED
            assert seen <= allowed.get(parts[1], {parts[1], *SHARED}), name


def test_hrv_names_nothing_of_the_host():
    for module in MODULES:
        if module.path.startswith("hrv/"):
            assert not {name[0] for name, _ in module.imports() if name} & HOST, module.path


def test_nobody_imports_a_helper_from_a_nodes_module():
    theirs = {module.name for module in MODULES if module.defines_node}
    assert len(theirs) >= 5
    found = {
        f"{name} -> {target}"
        for name, targets in EDGES.items()
        for target in targets & theirs
        if name != "nodes.extension" and not name.startswith(("tools.", "benchmarks."))
    }
    only_excepted("helpers in nodes' modules", found)


def test_every_module_says_what_it_is_for():
    assert [m.path for m in MODULES if not ast.get_docstring(m.tree)] == []


def test_every_package_says_what_lives_there():
    # A name in other words is not enough: what is inside, and who may import it.
    short = {m.path for m in MODULES if m.is_package and len(ast.get_docstring(m.tree) or "") < 80}
    only_excepted("short words on packages", short)


TWO_CIRCLES = {"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": set(), "e": {"a"}}


def test_a_circle_is_found_where_there_is_one():
    assert circle(TWO_CIRCLES) == ["b", "c", "b"]
    assert circle({**TWO_CIRCLES, "c": set()}) == []
