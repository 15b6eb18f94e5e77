"""The server runner: images come back whole, failures name the node, nothing is left behind."""

import io

import pytest
from PIL import Image

from hrv_pack.tools.api.client import PromptError, ServerError
from hrv_pack.tools.server import Server

ORANGE = (255, 128, 0)


def image_graph(width=64, batch_size=2):
    color = ORANGE[0] << 16 | ORANGE[1] << 8 | ORANGE[2]
    size = {"width": width, "height": 32, "batch_size": batch_size, "color": color}
    return {
        "1": {"class_type": "EmptyImage", "inputs": size},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }


def test_images_come_back(server):
    result = server.run_prompt(image_graph())
    assert len(result.images["2"]) == 2
    for image in map(Image.open, map(io.BytesIO, result.images["2"])):
        assert image.size == (64, 32)
        assert image.convert("RGB").getcolors() == [(64 * 32, ORANGE)]


def test_the_same_workflow_again_gives_its_images_again(server):
    first, second = (server.run_prompt(image_graph(batch_size=1)) for _ in range(2))
    assert first.prompt_id != second.prompt_id
    assert first.images == second.images


def test_a_refused_value_is_named(server):
    with pytest.raises(PromptError, match=r"Node 1 \(EmptyImage\).*width"):
        server.run_prompt(image_graph(width="wide"))


def test_a_refused_value_beside_a_good_one_is_no_silent_loss(server):
    graph = image_graph()
    for key, node in image_graph(width="wide").items():
        inputs = {**node["inputs"], **({"images": ["11", 0]} if key == "2" else {})}
        graph[f"1{key}"] = {**node, "inputs": inputs}
    with pytest.raises(PromptError, match=r"Node 11 \(EmptyImage\).*width"):
        server.run_prompt(graph)


def test_a_failing_node_is_named(server):
    graph = image_graph()
    graph["3"] = {"class_type": "LoadImage", "inputs": {"image": "none.png"}}
    graph["2"]["inputs"]["images"] = ["3", 0]
    (server.base / "input" / "none.png").write_text("no image")
    with pytest.raises(PromptError, match=r"Node 3 \(LoadImage\) failed: .*Unidentified"):
        server.run_prompt(graph)


def test_an_unknown_address_is_an_error(server):
    with pytest.raises(ServerError, match="404"):
        server.get("/nowhere")


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(host, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ServerError, match="unrecognized arguments: --no-such-option"):
        Server(arguments=("--no-such-option",)).__enter__()
    assert list(tmp_path.iterdir()) == []
