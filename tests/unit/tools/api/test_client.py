"""What the server's messages mean: progress, the end, and why something failed."""

from __future__ import annotations

import pytest

from hrv_pack.tools.api.client import PromptError, ended, refusal


def message(kind, prompt_id="mine", **data):
    return {"type": kind, "data": {"prompt_id": prompt_id, **data}}


def test_a_workflow_ends_when_no_node_runs_any_more():
    assert not ended(message("executing", node="3"), "mine", None)
    assert not ended(message("execution_success"), "mine", None)
    assert ended(message("executing", node=None), "mine", None)


def test_other_peoples_workflows_neither_end_nor_fail_ours():
    told = []
    for kind in ("executing", "execution_error", "execution_interrupted", "progress"):
        other = message(kind, "theirs", node=None, value=1, max=2)
        assert not ended(other, "mine", lambda *args: told.append(args))
    assert not ended({"type": "status"}, "mine", None)
    assert told == []


def test_progress_is_handed_on():
    told = []
    ended(message("progress", node=4, value=2.0, max=20), "mine", lambda *args: told.append(args))
    assert told == [("4", 2, 20)]


def test_a_failure_names_the_node_and_keeps_the_trace():
    failed = message(
        "execution_error",
        node_id="3",
        node_type="HRVLoad",
        exception_type="ValueError",
        exception_message="no such file",
        traceback=["line 1\n"],
    )
    with pytest.raises(PromptError, match=r"Node 3 \(HRVLoad\).*ValueError: no such file\nline 1"):
        ended(failed, "mine", None)
    stopped = message("execution_interrupted", node_id="3", node_type="KSampler")
    with pytest.raises(PromptError, match=r"Interrupted at node 3 \(KSampler\)"):
        ended(stopped, "mine", None)


def test_a_refusal_lists_every_node_with_its_reasons():
    graph = {"1": {"class_type": "EmptyImage"}}
    report = {"errors": [{"message": "Not a number", "details": "width"}]}
    text = refusal(graph, {"error": {"message": "Bad"}, "node_errors": {"1": report, "7": report}})
    assert text.splitlines() == [
        "Bad",
        "Node 1 (EmptyImage): Not a number: width",
        "Node 7 (?): Not a number: width",
    ]
    assert refusal(graph, {"error": "Plain words"}) == "Plain words"
