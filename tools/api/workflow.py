"""Turn a workflow as the page saves it into the API form that the server runs.

The page's form has nodes with positional ``widgets_values`` and a list of links; the API form names
every input: ``{node id: {"class_type", "inputs"}}``. What the names are is taken from the server's
own ``/object_info``, so nothing about any node is kept by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]
Info = dict[str, Any]
Source = tuple[str, int]

WIDGET_TYPES = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR", "CURVE", "BOUNDING_BOX"}
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
PAGE_VIEWS = {"IMAGECOMPARE": {"__value__": ["", ""]}}
"""Widgets that only show something and are never saved: what the page posts for them at first."""
NOTES = {"Note", "MarkdownNote"}
PAGE_ONLY = NOTES | {"Reroute", "PrimitiveNode"}
MUTED, BYPASSED = 2, 4


class WorkflowError(ValueError):
    """The workflow cannot be converted; the message names the node."""


def to_api(workflow: dict[str, Any], object_info: Info) -> dict[str, dict[str, Any]]:
    """The API form of a saved workflow.

    Notes are left out, reroutes and bypassed nodes are followed to what feeds them, muted nodes are
    dropped together with the links from them.

    Raises:
        WorkflowError: if a node is unknown to the server, lacks a value, or is a subgraph.
    """
    nodes = {str(node["id"]): node for node in workflow["nodes"]}
    links = dict(read_links(workflow))
    running = {key: node for key, node in nodes.items() if runs(node)}
    unknown = sorted({node["type"] for node in running.values()} - object_info.keys())
    if unknown:
        raise WorkflowError(
            f"The server knows no node {', '.join(unknown)}; a subgraph, or a missing pack?"
        )
    return {
        key: {
            "class_type": node["type"],
            "inputs": node_inputs(node, object_info[node["type"]], nodes, links),
            "_meta": {"title": node.get("title", node["type"])},
        }
        for key, node in running.items()
    }


def runs(node: Node) -> bool:
    """Whether the server is told of this node."""
    return node["type"] not in PAGE_ONLY and node.get("mode", 0) not in (MUTED, BYPASSED)


def read_links(workflow: dict[str, Any]) -> Iterator[tuple[int, Source]]:
    """(link id, (node id, output slot)) of every link, in either of the two saved notations."""
    for link in workflow["links"]:
        if isinstance(link, dict):
            yield link["id"], (str(link["origin_id"]), link["origin_slot"])
        else:
            yield link[0], (str(link[1]), link[2])


def node_inputs(
    node: Node, info: Info, nodes: dict[str, Node], links: dict[int, Source]
) -> dict[str, Any]:
    """Named input values of one node: widgets first, then what is connected in their place."""
    values = widget_values(node, info)
    for slot in node.get("inputs", []):
        if slot.get("link") is None:
            continue
        source = follow(links[slot["link"]], nodes, links)
        if source is None:
            continue
        feeder = nodes[source[0]]
        is_value = feeder["type"] == "PrimitiveNode"
        values[slot["name"]] = feeder["widgets_values"][0] if is_value else list(source)
    return values


def follow(source: Source, nodes: dict[str, Node], links: dict[int, Source]) -> Source | None:
    """What really feeds a link, past reroutes and bypassed nodes; None if that is muted."""
    for _ in nodes:
        node = nodes[source[0]]
        mode = node.get("mode", 0)
        if mode == MUTED:
            return None
        if node["type"] != "Reroute" and mode != BYPASSED:
            return source
        link = passed_through(node, source[1])
        if link is None:
            return None
        source = links[link]
    raise WorkflowError(f"The links run in a circle through node {source[0]}.")


def passed_through(node: Node, slot: int) -> int | None:
    """The link that a reroute or bypassed node hands on at an output: same slot, else same type."""
    inputs = node.get("inputs", [])
    if node["type"] == "Reroute":
        return inputs[0].get("link")
    kind = node["outputs"][slot]["type"]
    ordered = inputs[slot : slot + 1] + inputs
    return next(
        (i["link"] for i in ordered if i["type"] == kind and i.get("link") is not None), None
    )


def widget_values(node: Node, info: Info) -> dict[str, Any]:
    """``{input name: value}`` of a node's widgets, from its positional saved values.

    Raises:
        WorkflowError: if a value is missing and has no default.
    """
    saved = node.get("widgets_values") or []
    if isinstance(saved, dict):
        return dict(saved)
    return dict(read_widgets(node, info["input"], iter(saved), ""))


def read_widgets(
    node: Node, sections: dict[str, Any], saved: Iterator[Any], prefix: str
) -> Iterator[tuple[str, Any]]:
    """Take the saved values in the order in which the page makes the widgets."""
    specs = {**sections.get("required", {}), **sections.get("optional", {})}
    for name, spec in specs.items():
        kind, options = widget_type(spec), spec_options(spec)
        if kind is None:
            continue
        if kind in PAGE_VIEWS:
            yield prefix + name, PAGE_VIEWS[kind]
            continue
        try:
            value = next(saved)
        except StopIteration:
            value = default_of(node, prefix + name, spec)
        yield prefix + name, value
        if kind == DYNAMIC_COMBO:
            chosen = next(o["inputs"] for o in options["options"] if o["key"] == value)
            yield from read_widgets(node, chosen, saved, f"{prefix}{name}.")
        for _ in range(page_only_widgets(name, kind, options)):
            next(saved, None)


def widget_type(spec: list[Any]) -> str | None:
    """The kind of widget the page makes for an input, or None for a socket without one."""
    options = spec_options(spec)
    if options.get("forceInput"):
        return None
    kind = "COMBO" if isinstance(spec[0], list) else options.get("widgetType", spec[0])
    known = kind in WIDGET_TYPES or kind in PAGE_VIEWS or kind == DYNAMIC_COMBO
    return kind if known else None


def page_only_widgets(name: str, kind: str, options: dict[str, Any]) -> int:
    """How many widgets the page adds behind this one for itself ("control after generate")."""
    if kind == "INT":
        return int(bool(options.get("control_after_generate", name in ("seed", "noise_seed"))))
    # A menu also gets a filter.
    return 2 if kind == "COMBO" and options.get("control_after_generate") else 0


def default_of(node: Node, name: str, spec: list[Any]) -> Any:
    """The value that the page would show in a widget without a saved value."""
    options = spec_options(spec)
    choices = spec[0] if isinstance(spec[0], list) else options.get("options", [])
    if "default" in options:
        return options["default"]
    if choices:
        first = choices[0]
        return first["key"] if isinstance(first, dict) else first
    raise WorkflowError(f"Node {node['id']} ({node['type']}) has no saved value for {name!r}.")


def spec_options(spec: list[Any]) -> dict[str, Any]:
    """The options of an input's description."""
    return spec[1] if len(spec) > 1 else {}
