"""A branch is all that leads to one image; varying a graph leaves the graph alone."""

from __future__ import annotations

import copy

import pytest

from hrv_pack.tools.api.branches import branches, only, upstream, vary


def node(kind, title="", **inputs):
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": title}}


GRAPH = {
    "1": node("HRVDemoModel"),
    "2": node("HRVLoad"),
    "3": node("HRVConceptAdjust", model=["1", 0], hrv=["2", 0], words="mouse"),
    "4": node("KSampler", model=["1", 0], seed=1),
    "5": node("VAEDecode", samples=["4", 0], vae=["1", 2]),
    "6": node("PreviewImage", "plain", images=["5", 0]),
    "7": node("KSampler", model=["3", 0], seed=1),
    "8": node("VAEDecode", samples=["7", 0], vae=["1", 2]),
    "9": node("ImageScale", image=["8", 0]),
    "10": node("PreviewImage", "steered", images=["9", 0]),
}


def test_every_image_has_its_branch_back_to_the_model():
    plain, steered = branches(GRAPH)
    assert (plain.title, plain.output, plain.decode, plain.sampler) == ("plain", "6", "5", "4")
    assert plain.steer is None
    assert (steered.title, steered.decode, steered.sampler) == ("steered", "8", "7")
    assert steered.steer == "3"


def test_an_image_that_is_not_sampled_is_no_branch():
    drawn = {"20": node("HRVMeasure", model=["1", 0]), "21": node("PreviewImage", images=["20", 1])}
    assert branches({**GRAPH, **drawn}) == branches(GRAPH)


def test_a_branch_alone_keeps_what_leads_to_it_and_shows_its_image_unscaled():
    kept = only(GRAPH, branches(GRAPH)[1:])
    assert kept.keys() == {"1", "2", "3", "7", "8", "10"}
    assert kept["10"]["inputs"]["images"] == ["8", 0]


def test_varying_and_choosing_leave_the_graph_as_it_was():
    before = copy.deepcopy(GRAPH)
    varied = vary(GRAPH, "KSampler", seed=7)
    only(GRAPH, branches(GRAPH)[:1])
    assert before == GRAPH
    assert {n["inputs"]["seed"] for n in varied.values() if n["class_type"] == "KSampler"} == {7}


def test_a_kind_that_leads_nowhere_is_named():
    with pytest.raises(ValueError, match="LoadImage leads to node 6"):
        upstream(GRAPH, "6", "LoadImage")
