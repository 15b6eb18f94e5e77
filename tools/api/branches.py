"""The branches of a workflow in API form, what leads to each image, to vary in experiments."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Graph = dict[str, dict[str, Any]]
OUTPUTS = ("PreviewImage", "SaveImage")


@dataclass(frozen=True)
class Branch:
    """Node ids from an image back to its model: output, VAE Decode, sampler, steering node.

    ``steer`` is None where the sampler takes the model as it was loaded.
    """

    title: str
    output: str
    decode: str
    sampler: str
    steer: str | None


def branches(graph: Graph) -> list[Branch]:
    """The branches of a graph, in the order of their outputs; those without a VAE Decode are none.

    A heat map, say, is shown but not sampled.
    """
    found = []
    for key, node in graph.items():
        if node["class_type"] not in OUTPUTS or not leads(graph, "VAEDecode", key):
            continue
        decode = upstream(graph, key, "VAEDecode")
        sampler = upstream(graph, decode, "KSampler")
        feeder = graph[sampler]["inputs"]["model"][0]
        steered = "hrv" in graph[feeder]["inputs"]
        title = node.get("_meta", {}).get("title", "")
        found.append(Branch(title, key, decode, sampler, feeder if steered else None))
    return found


def upstream(graph: Graph, key: str, kind: str) -> str:
    """The nearest node of a kind that leads to ``key``; ValueError if there is none."""
    for current in behind(graph, key):
        if graph[current]["class_type"] == kind:
            return current
    raise ValueError(f"Nothing of kind {kind} leads to node {key} of the workflow.")


def leads(graph: Graph, kind: str, key: str) -> bool:
    """Whether a node of a kind leads to ``key``."""
    return any(graph[current]["class_type"] == kind for current in behind(graph, key))


def behind(graph: Graph, key: str) -> Iterator[str]:
    """A node and all that lead to it, the nearest first."""
    waiting = [key]
    for current in waiting:
        yield current
        waiting += [source for source in sources(graph, current) if source not in waiting]


def sources(graph: Graph, key: str) -> Iterator[str]:
    """The nodes connected to a node."""
    for value in graph[key]["inputs"].values():
        if isinstance(value, list) and len(value) == 2 and str(value[0]) in graph:
            yield str(value[0])


def only(graph: Graph, chosen: list[Branch]) -> Graph:
    """A copy of the graph with these branches alone, their images in the model's own size."""
    kept, waiting = set[str](), [branch.output for branch in chosen]
    graph = copy.deepcopy(graph)
    for branch in chosen:
        graph[branch.output]["inputs"]["images"] = [branch.decode, 0]
    while waiting:
        current = waiting.pop()
        kept.add(current)
        waiting += [source for source in sources(graph, current) if source not in kept]
    return {key: node for key, node in graph.items() if key in kept}


def vary(graph: Graph, kind: str, **inputs: Any) -> Graph:
    """A copy of the graph in which every node of a kind has these input values."""
    graph = copy.deepcopy(graph)
    for node in graph.values():
        if node["class_type"] == kind:
            node["inputs"].update(inputs)
    return graph
