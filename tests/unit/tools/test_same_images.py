"""What counts as a change that users see, and what does not."""

from __future__ import annotations

import copy
import io

import pytest
from PIL import Image

from hrv_pack.tools import same_images
from hrv_pack.tools.host import ROOT
from hrv_pack.tools.same_images import Seen, changed, facts, pixels, table

ETA = {"required": {"eta": ["FLOAT", {"min": 0}]}}
NODE = {
    "input": {
        "required": {
            "model": ["MODEL", {"tooltip": "The model."}],
            "mode": [
                "COMFY_DYNAMICCOMBO_V3",
                {
                    "options": [
                        {"key": "on", "inputs": {"required": {"eta": ["FLOAT", {"min": 0}]}}}
                    ]
                },
            ],
        },
        "optional": {"unit": [["heads", "percent"], {"default": "heads"}]},
    },
    "output": ["MODEL"],
    "output_name": ["MODEL"],
    "description": "Steers.",
}


def nodes(change=lambda node: None):
    node = copy.deepcopy(NODE)
    change(node)
    return dict(facts({"HRVSteer": node}, ""))


def differences(change):
    return changed(nodes(), nodes(change))[0]


def inputs_in_another_order(node):
    node["input"]["required"] = dict(reversed(node["input"]["required"].items()))


def inner_limit(node):
    (choice,) = node["input"]["required"]["mode"][1]["options"]
    choice["inputs"]["required"]["eta"][1]["min"] = 1


CHANGES = {
    "default": lambda node: node["input"]["optional"]["unit"][1].update(default="percent"),
    "choices": lambda node: node["input"]["optional"]["unit"][0].reverse(),
    "order": inputs_in_another_order,
    "input gone": lambda node: node["input"]["required"].pop("model"),
    "input more": lambda node: node["input"]["optional"].update(more=["INT", {}]),
    "type": lambda node: node["input"]["required"].update(model=["CLIP", {}]),
    "inner limit": inner_limit,
    "output name": lambda node: node.update(output_name=["model"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_a_node_is_told_with_its_place(change):
    found = differences(change)
    assert found
    assert all(line.startswith("HRVSteer.") for line in found)


def test_wording_may_change():
    def reworded(node):
        node["description"] = "Steers a model."
        node["input"]["required"]["model"][1]["tooltip"] = "Another sentence."
        node["input"]["optional"]["unit"][1]["tooltip"] = "One there was not."

    assert differences(reworded) == []


def test_nodes_may_be_added_but_not_go():
    old, both = nodes(), dict(facts({"HRVSteer": NODE, "HRVMore": NODE}, ""))
    assert changed(old, both) == ([], ["HRVMore"])
    gone, added = changed(both, old)
    assert added == [] and gone and all(line.startswith("HRVMore.") for line in gone)


def png(colour, **metadata):
    image = Image.new("RGB", (3, 2), (9, 9, 9))
    image.putpixel((2, 1), colour)
    file = io.BytesIO()
    image.save(file, "png", **metadata)
    return file.getvalue()


def test_one_value_of_one_pixel_is_a_change_and_how_a_file_is_packed_is_none():
    first, packed = pixels(png((9, 9, 9))), pixels(png((9, 9, 9), compress_level=0))
    other = pixels(png((9, 9, 8)))
    assert changed({"steer, image 0": first}, {"steer, image 0": packed}) == ([], [])
    (line,), _ = changed({"steer, image 0": first}, {"steer, image 0": other})
    assert line.startswith("steer, image 0")


def test_below_the_row_where_a_sentence_begins_nothing_counts():
    first, other = png((9, 9, 9)), png((9, 9, 8))  # they differ in the second row
    assert pixels(first, 1) == pixels(other, 1)
    assert pixels(first, 2) != pixels(other, 2)


def test_an_image_more_of_a_workflow_there_was_is_a_change():
    old = {"steer, node 1, image 0": 1}
    assert changed(old, {**old, "steer, node 1, image 1": 1})[0] != []
    assert changed(old, {**old, "measure, node 1, image 0": 1}) == ([], ["measure, node 1"])
    assert changed(old, {**old, "steer, node 10, image 0": 1}) == ([], ["steer, node 10"])


def test_the_table_says_same_only_where_something_was_compared_and_nothing_differs():
    full = Seen({"a": 1}, {"b, 0": (1,)}, {"c": 2})
    assert table(full, copy.deepcopy(full))[1]
    for kind, facts_of_it in full.kinds().items():
        other, empty = copy.deepcopy(full), copy.deepcopy(full)
        other.kinds()[kind][next(iter(facts_of_it))] = "else"
        empty.kinds()[kind].clear()
        text, same = table(full, other)
        assert not same and "else" in text
        assert not table(empty, empty)[1]


needs_history = pytest.mark.skipif(not same_images.known("HEAD"), reason="needs a git clone")


@needs_history
def test_a_revision_is_checked_out_beside_the_clone_and_gone_afterwards():
    with same_images.checked_out("HEAD") as folder:
        assert ROOT not in folder.parents
        assert (folder / "nodes" / "extension.py").is_file()
    assert not folder.exists()


@needs_history
def test_a_revision_that_is_not_there_is_named(capsys):
    assert same_images.main(["no-such-revision"]) == 2
    assert "no-such-revision" in capsys.readouterr().err
