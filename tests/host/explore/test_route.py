"""What the page may ask about the maps of a run, at the real server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from hrv_pack.tools.api.client import ServerError
from hrv_pack.tools.api.workflow import to_api
from hrv_pack.tools.host import ROOT

WORKFLOW = ROOT / "workflows" / "demo-see-where-words-went.json"


@pytest.fixture(scope="module")
def told(server, object_info):
    """What HRV Explore tells the page, of two runs of the same workflow."""
    graph = to_api(json.loads(WORKFLOW.read_text("utf-8")), object_info)
    (key,) = (key for key, node in graph.items() if node["class_type"] == "HRVExplore")
    return [server.run_prompt(graph).outputs[key]["hrv_explored"][0] for _ in range(2)]


def ask(server, run, **more):
    return server.post_json("/hrv/map", {"run": run, "image": 0, "concept": "", "heads": 1, **more})


def test_a_run_whose_images_were_kept_can_be_asked_too(server, told):
    first, second = (ask(server, each["run"]) for each in told)
    assert first == second and told[0]["run"] != told[1]["run"]
    assert [word["pick"] for word in first["words"]][:3] == ["a#1", "blue", "cat"]


def test_other_heads_and_other_images_give_other_maps(server, told):
    run = told[0]["run"]
    answers = [
        ask(server, run),
        ask(server, run, image=1),
        ask(server, run, concept="Animals", heads=9),
        ask(server, run, concept="Animals", heads=30),
    ]
    assert len({answer["words"][2]["heat"] for answer in answers}) == 4


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ({"run": "gone"}, "no longer kept"),
        ({"run": None}, "Expected the name of a run"),
        ([1, 2], "Expected the name of a run"),
        ({}, "Expected the name of a run"),
    ],
)
def test_a_question_that_is_none_is_refused_with_a_sentence(server, question, reason):
    with pytest.raises(ServerError, match=f"400(.|\\n)*{reason}"):
        server.post_json("/hrv/map", question)


@pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff", b"[" * 200_000])
def test_what_cannot_be_read_is_refused_with_a_sentence(server, body):
    asked = urllib.request.Request(f"{server.url}/hrv/map", body)
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        urllib.request.urlopen(asked, timeout=60)
    assert "Expected the name of a run" in json.loads(refused.value.read())["error"]


@pytest.mark.parametrize(
    ("more", "unknown"),
    [({"concept": "Animal"}, "concept"), ({"concept": "Animals", "heads": 0}, None)],
)
def test_the_page_is_told_where_it_is_the_concept(server, told, more, unknown):
    question = {"run": told[0]["run"], "image": 0, "concept": "", "heads": 1, **more}
    asked = urllib.request.Request(f"{server.url}/hrv/map", json.dumps(question).encode())
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        urllib.request.urlopen(asked, timeout=60)
    assert json.loads(refused.value.read()).get("unknown") == unknown


def test_a_view_that_there_is_not_is_refused_with_a_sentence(server, told):
    with pytest.raises(ServerError, match=r"400(.|\n)*Did you mean 'Animals'"):
        ask(server, told[0]["run"], concept="Animal")
