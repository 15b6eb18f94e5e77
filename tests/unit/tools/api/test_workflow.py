"""Workflow conversion: every saved value and link ends under its own name."""

import copy

import pytest

from hrv_pack.tools.api.workflow import WorkflowError, to_api

MODES = {
    "input": {
        "required": {
            "mode": [
                "COMFY_DYNAMICCOMBO_V3",
                {
                    "options": [
                        {"key": "off", "inputs": {"required": {}}},
                        {
                            "key": "steps",
                            "inputs": {"required": {"step": ["INT", {}], "eta": ["FLOAT", {}]}},
                        },
                    ]
                },
            ],
            "last": ["STRING", {}],
        }
    }
}
INFO = {
    "Make": {
        "input": {
            "required": {
                "model": ["MODEL"],
                "seed": ["INT", {"control_after_generate": True}],
                "cfg": ["FLOAT", {"default": 8.0}],
                "sampler": [["euler", "heun"]],
            },
            "optional": {
                "name": ["COMBO", {"options": ["a", "b"]}],
                "scale": ["FLOAT", {"forceInput": True}],
            },
        }
    },
    "Modes": MODES,
    "Compare": {"input": {"required": {"view": ["IMAGECOMPARE", {}], "name": ["STRING", {}]}}},
    "Load": {"input": {"required": {"file": ["STRING"]}}},
    "Pass": {"input": {"required": {"other": ["CLIP"], "model": ["MODEL"]}}},
    "Grow": {"input": {"required": {"words": ["COMFY_AUTOGROW_V3", {"template": {}}]}}},
}


def node(key, kind, values=(), mode=0, **wires):
    """A saved node; ``wires`` are input name = (type, link)."""
    inputs = [{"name": name, "type": kind_, "link": link} for name, (kind_, link) in wires.items()]
    outputs = [{"name": "out", "type": "MODEL"}]
    return {
        "id": key,
        "type": kind,
        "mode": mode,
        "inputs": inputs,
        "outputs": outputs,
        "widgets_values": [*values],
    }


def saved(*nodes, links=()):
    return {"nodes": [*nodes], "links": [*links]}


MAKE = ("Make", (7, "randomize", 5.5, "heun", "b"))


def inputs_of(workflow, key):
    return to_api(workflow, INFO)[key]["inputs"]


def test_values_get_their_names_past_the_seed_control():
    workflow = saved(
        node(1, "Load", ["x"]), node(2, *MAKE, model=("MODEL", 9)), links=[[9, 1, 0, 2, 0, "MODEL"]]
    )
    expected = {"seed": 7, "cfg": 5.5, "sampler": "heun", "name": "b", "model": ["1", 0]}
    assert inputs_of(workflow, "2") == expected


def test_both_link_notations_mean_the_same():
    nodes = [node(1, "Load", ["x"]), node(2, *MAKE, model=("MODEL", 9))]
    as_dict = {
        "id": 9,
        "origin_id": 1,
        "origin_slot": 0,
        "target_id": 2,
        "target_slot": 0,
        "type": "MODEL",
    }
    assert to_api(saved(*nodes, links=[[9, 1, 0, 2, 0, "MODEL"]]), INFO) == to_api(
        saved(*nodes, links=[as_dict]), INFO
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["off", "z"], {"mode": "off", "last": "z"}),
        (["steps", 3, 0.5, "z"], {"mode": "steps", "mode.step": 3, "mode.eta": 0.5, "last": "z"}),
    ],
)
def test_a_dynamic_menu_is_followed_by_the_inputs_of_its_choice(values, expected):
    assert inputs_of(saved(node(1, "Modes", values)), "1") == expected


def test_a_widget_that_only_shows_something_is_posted_empty_and_takes_no_saved_value():
    found = inputs_of(saved(node(1, "Compare", ["z"])), "1")
    assert found == {"view": {"__value__": ["", ""]}, "name": "z"}


def test_notes_reroutes_and_bypassed_nodes_vanish():
    nodes = [
        node(1, "Load", ["x"]),
        node(2, "Reroute", value=("*", 20)),
        node(3, "Pass", mode=4, other=("CLIP", None), model=("MODEL", 21)),
        node(4, *MAKE, model=("MODEL", 22)),
        node(5, "Note", ["look here"]),
        node(6, "MarkdownNote", ["# look"]),
    ]
    links = [[20, 1, 0, 2, 0, "MODEL"], [21, 2, 0, 3, 1, "MODEL"], [22, 3, 0, 4, 0, "MODEL"]]
    api = to_api(saved(*nodes, links=links), INFO)
    assert api.keys() == {"1", "4"}
    assert api["4"]["inputs"]["model"] == ["1", 0]


def test_a_muted_node_takes_its_links_with_it():
    nodes = [node(1, "Load", ["x"], mode=2), node(2, *MAKE, model=("MODEL", 9))]
    api = to_api(saved(*nodes, links=[[9, 1, 0, 2, 0, "MODEL"]]), INFO)
    assert api.keys() == {"2"}
    assert "model" not in api["2"]["inputs"]


def test_a_wired_widget_takes_the_wire_and_keeps_its_place_among_the_values():
    nodes = [node(1, "PrimitiveNode", [3.25, "fixed"]), node(2, *MAKE, cfg=("FLOAT", 9))]
    values = inputs_of(saved(*nodes, links=[[9, 1, 0, 2, 0, "FLOAT"]]), "2")
    assert (values["cfg"], values["sampler"]) == (3.25, "heun")


def test_wires_of_growing_inputs_keep_their_dotted_names():
    nodes = [node(1, "Load", ["x"]), node(2, "Grow", **{"words.tok0": ("STRING", 9)})]
    assert inputs_of(saved(*nodes, links=[[9, 1, 0, 2, 0, "STRING"]]), "2") == {
        "words.tok0": ["1", 0]
    }


def test_values_not_saved_take_the_default_or_are_named():
    assert inputs_of(saved(node(1, "Make", [7, "fixed"])), "1") == {
        "seed": 7,
        "cfg": 8.0,
        "sampler": "euler",
        "name": "a",
    }
    with pytest.raises(WorkflowError, match=r"1 \(Load\).*'file'"):
        to_api(saved(node(1, "Load")), INFO)


def test_unknown_nodes_are_named():
    with pytest.raises(WorkflowError, match="Missing"):
        to_api(saved(node(1, "Missing")), INFO)


def test_a_circle_of_reroutes_is_an_error():
    nodes = [
        node(1, "Reroute", value=("*", 5)),
        node(2, "Reroute", value=("*", 6)),
        node(3, *MAKE, model=("MODEL", 5)),
    ]
    with pytest.raises(WorkflowError, match="circle"):
        to_api(saved(*nodes, links=[[5, 2, 0, 1, 0, "*"], [6, 1, 0, 2, 0, "*"]]), INFO)


def test_the_workflow_is_left_as_it_was():
    workflow = saved(node(1, "Load", ["x"]))
    before = copy.deepcopy(workflow)
    to_api(workflow, INFO)
    assert workflow == before
