"""The help pages call nodes and inputs what the page calls them."""

import pytest

from hrv_pack.tools.host import ROOT
from hrv_pack.tools.server import PACK


@pytest.fixture(scope="module")
def ours(object_info):
    return {
        key: info
        for key, info in object_info.items()
        if info["python_module"] == f"custom_nodes.{PACK}"
    }


def page(key):
    return (ROOT / "web" / "docs" / f"{key}.md").read_text("utf-8")


def test_a_page_is_headed_by_the_nodes_name(ours):
    named = {key: info["display_name"] for key, info in ours.items()}
    assert {key: page(key).splitlines()[0] for key in ours} == {
        key: f"# {name}" for key, name in named.items()
    }


def labels(info):
    """{input: label}, where the label is not the input's name with blanks."""
    inputs = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
    said = {name: spec[1].get("display_name") for name, spec in inputs.items() if len(spec) > 1}
    return {name: label for name, label in said.items() if label and label != spaced(name)}


def spaced(name):
    return name.replace("_", " ")


def test_an_input_with_another_label_is_named_by_both(ours):
    other = [(key, label) for key, info in ours.items() for label in labels(info).values()]
    assert len(other) > 15
    assert [(key, label) for key, label in other if f"*{label}*" not in page(key)] == []
