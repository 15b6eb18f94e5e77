"""The workflows that come with the pack: they open, they say what to look at, the demos run."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from hrv_pack.tools.api.workflow import NOTES, PAGE_ONLY, to_api
from hrv_pack.tools.host import ROOT

FOLDER = ROOT / "workflows"
SHOWING = {"SaveImage", "PreviewImage", "HRVSheet"}
FILES = sorted(FOLDER.glob("*.json"))
BEGUN_WITH = ("read-a-word-differently", "see-where", "try-several", "construct")
FIRST = [path for path in FILES if any(name in path.stem for name in BEGUN_WITH)]
each_workflow = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
each_demo = pytest.mark.parametrize(
    "path", [p for p in FILES if p.stem.startswith("demo")], ids=lambda path: path.stem
)


def read(path: Path):
    return json.loads(path.read_text())


def test_the_folder_holds_workflows_with_their_thumbnails_and_nothing_else():
    expected = {name for path in FILES for name in (path.name, f"{path.stem}.jpg")}
    assert {p.name for p in FOLDER.iterdir()} == expected
    assert any(path.stem.startswith("demo") for path in FILES)


@each_workflow
def test_the_thumbnail_is_an_image(path):
    with Image.open(path.with_suffix(".jpg")) as image:
        image.load()
        assert image.format == "JPEG"
        assert min(image.size) >= 128


@each_workflow
def test_a_note_says_what_to_look_at(path):
    notes = [node for node in read(path)["nodes"] if node["type"] in NOTES]
    assert any("".join(note["widgets_values"]).strip() for note in notes)


@pytest.mark.parametrize("path", FIRST, ids=lambda path: path.stem)
def test_templates_to_begin_with_can_be_read_as_they_open(path):
    """The page shows a template whole on three quarters of its height or width, and in the classic
    renderer no letters smaller than 8 pixels; a node's are 14, its title 30 high."""
    boxes = [(*node["pos"], *node["size"]) for node in read(path)["nodes"]]
    left, top = min(box[0] for box in boxes), min(box[1] - 30 for box in boxes)
    right, bottom = (max(box[side] + box[side + 2] for box in boxes) for side in (0, 1))
    scale = 0.75 * min(1600 / (right - left + 20), 1000 / (bottom - top + 20))
    assert scale >= 8 / 14


@each_workflow
def test_every_node_is_known(path, object_info):
    kinds = {node["type"] for node in read(path)["nodes"]}
    assert kinds - PAGE_ONLY - object_info.keys() == set()


@each_workflow
def test_every_required_input_gets_a_value(path, object_info):
    for key, node in to_api(read(path), object_info).items():
        required = object_info[node["class_type"]]["input"].get("required", {})
        assert required.keys() - node["inputs"].keys() == set(), f"node {key}"


@each_demo
def test_a_demo_runs_and_gives_images(path, server, object_info):
    graph = to_api(read(path), object_info)
    shown = {key for key, node in graph.items() if node["class_type"] in SHOWING}
    images = server.run_prompt(graph).images
    assert shown
    assert shown <= images.keys()
    for data in (data for batch in images.values() for data in batch):
        image = Image.open(io.BytesIO(data)).convert("RGB")
        lows, highs = zip(*image.getextrema(), strict=True)
        assert max(highs) - min(lows) > 30, "an image of one flat colour"
