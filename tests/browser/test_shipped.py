"""What the page offers besides the templates' graphs: an app, and a blueprint of a subgraph."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from hrv_pack.tools.host import ROOT
from hrv_pack.tools.server import PACK

WORKFLOWS = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in ROOT.glob("workflows/*")
    if path.suffix == ".json"
}
APPS = [name for name, saved in WORKFLOWS.items() if saved["extra"].get("linearMode")]
BLUEPRINTS = sorted((ROOT / "subgraphs").glob("*.json"))
MADE = """side => [...document.images].some(
            image => image.src.includes("/view?") && image.naturalWidth === side)"""
# The blueprint's node between the demo model and a preview, small and plain.
CONNECT = """() => {
  const [it] = app.graph.nodes;
  const [model, show] = ["HRVDemoModel", "PreviewImage"].map(type => LiteGraph.createNode(type));
  for (const node of [model, show]) app.graph.add(node);
  for (const name of ["model", "clip", "vae"])
    model.connect(["model", "clip", "vae"].indexOf(name), it, it.findInputSlot(name));
  it.connect(0, show, 0);
  const values = { width: 64, height: 64, steps: 2, strength: 0 };
  for (const widget of it.widgets) if (widget.name in values) widget.value = values[widget.name];
  return show.id;
}"""
SHOWN = "key => window.app.graph.getNodeById(key).imgs?.every(image => image.naturalWidth === 64)"


@pytest.mark.parametrize("name", APPS)
def test_an_app_opens_as_a_form_and_shows_what_it_makes(chromium, server, screenshots, name):
    page = chromium.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(f"{server.url}/?template={quote(name)}&source={PACK}")
    # a newer page greets a first visitor to apps with a tour
    page.add_locator_handler(page.get_by_text("Skip", exact=True), lambda skip: skip.click())
    run = page.get_by_test_id("linear-run-button").locator("button", has_text="Run")
    run.wait_for()
    fields = page.get_by_test_id("builder-widget-label").all_inner_texts()
    assert fields == ["prompt", "word", "read as", "not as", "strength", "seed"]
    run.click()
    page.wait_for_function(MADE, arg=256)
    page.screenshot(path=screenshots / f"{name}.png")
    page.close()


def test_a_sweeps_menus_have_the_measured_readings_and_one_may_be_nothing(editor):
    saved = WORKFLOWS["demo-try-several-strengths"]
    editor.evaluate("workflow => window.app.loadGraphData(workflow)", saved)
    editor.wait_for_function("menu('HRVStrengthSweep', 'not_as').length === 3")
    readings = ["computer mouse", "mouse animal"]
    assert editor.evaluate("menu('HRVStrengthSweep', 'read_as')") == readings
    assert editor.evaluate("menu('HRVStrengthSweep', 'not_as')") == ["nothing", *readings]


def test_there_is_an_app_and_a_blueprint():
    assert APPS and BLUEPRINTS


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_a_blueprint_is_found_by_its_name_and_runs(editor, screenshots, path: Path):
    editor.evaluate("window.app.graph.clear()")
    editor.evaluate("window.app.extensionManager.command.execute('Workspace.SearchBox.Toggle')")
    editor.wait_for_timeout(1000)
    editor.keyboard.type(path.stem)
    editor.get_by_text(path.stem).last.wait_for()
    editor.wait_for_timeout(1000)  # the list settles
    editor.keyboard.press("Enter")
    editor.wait_for_timeout(1000)
    editor.mouse.click(800, 400)  # where the node is put down
    editor.wait_for_function("window.app.graph.nodes.length === 1")
    show = editor.evaluate(CONNECT)
    editor.screenshot(path=screenshots / f"{path.stem}.png")
    posted = editor.evaluate("window.app.graphToPrompt().then(prompt => prompt.output)")
    steer = next(node for node in posted.values() if node["class_type"] == "HRVSteer")
    fields = {key: steer["inputs"][key] for key in ("word", "read_as", "not_as", "strength")}
    assert fields == {"word": "lavender", "read_as": "Color", "not_as": "Plants", "strength": 0}
    editor.evaluate("window.app.queuePrompt(0)")
    editor.wait_for_function(SHOWN, arg=show)
