"""The workflows in the real page: they open cleanly, mean the same, and run at the press of Run."""

import json
from urllib.parse import quote

import pytest

from hrv_pack.tools.api.workflow import to_api
from hrv_pack.tools.host import ROOT
from hrv_pack.tools.server import PACK

FILES = sorted((ROOT / "workflows").glob("*.json"))
# An app has no graph to look at: test_shipped.py.
APPS = [path for path in FILES if json.loads(path.read_text("utf-8"))["extra"].get("linearMode")]
DEMOS = [path for path in FILES if path.stem.startswith("demo") and path not in APPS]
SHOWING = ("PreviewImage", "SaveImage", "HRVSheet")
# The kinds of the nodes on the canvas, sorted; the same of a saved workflow's nodes.
KINDS = "window.app?.graph?.nodes?.map(n => n.type).sort().join()"
SHOWN = """node => window.app.graph.getNodeById(node)?.imgs?.length
           && window.app.graph.getNodeById(node).imgs.every(image => image.naturalWidth > 1)"""
each_workflow = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
each_demo = pytest.mark.parametrize("path", DEMOS, ids=lambda path: path.stem)


def kinds(workflow):
    return ",".join(sorted(node["type"] for node in workflow["nodes"]))


def complaints(page):
    """What the page says about nodes or models it misses; given a moment to find out."""
    page.wait_for_timeout(1000)
    return page.get_by_test_id("error-overlay").all_inner_texts()


def meaning(api):
    return {key: (node["class_type"], node["inputs"]) for key, node in api.items()}


@each_workflow
def test_the_page_knows_every_node_and_posts_what_we_derive(page, server, path):
    workflow = json.loads(path.read_text())
    page.evaluate("workflow => window.app.loadGraphData(workflow)", workflow)
    page.wait_for_function(f"expected => {KINDS} === expected", arg=kinds(workflow))
    assert [text for text in complaints(page) if "node" in text.lower()] == []
    posted = page.evaluate("window.app.graphToPrompt().then(prompt => prompt.output)")
    assert meaning(posted) == meaning(to_api(workflow, server.object_info()))


@each_demo
def test_run_shows_the_images(chromium, server, screenshots, path):
    """Opened as a template, as people find it; the real button; the images in their nodes."""
    workflow = json.loads(path.read_text())
    page = chromium.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(f"{server.url}/?template={quote(path.stem)}&source={PACK}")
    page.wait_for_function(f"expected => {KINDS} === expected", arg=kinds(workflow))
    assert complaints(page) == []
    page.get_by_test_id("queue-button").click()
    shown = [n["id"] for n in workflow["nodes"] if n["type"] in SHOWING]
    assert shown
    for node in shown:
        page.wait_for_function(SHOWN, arg=node)
    assert complaints(page) == []
    page.wait_for_timeout(2000)  # the "queued" banner goes
    page.screenshot(path=screenshots / f"{path.stem}.png")
    page.close()
