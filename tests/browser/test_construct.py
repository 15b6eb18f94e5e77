"""HRV Construct in the real page: it shows how far it is, can be cancelled, and goes on."""

import json
import re
from urllib.parse import quote

import pytest
from page_words import INTERRUPTED

from hrv_pack.hrv.files.vote_file import load_votes
from hrv_pack.tools.host import ROOT
from hrv_pack.tools.server import PACK

IMAGES = 40
NODE = '(window.app?.graph?.nodes?.find(node => node.type === "HRVConstruct"))'
TOLD = f"() => {NODE}.properties['HRV text'] ?? ''"
SHOWN = f"() => {NODE}.imgs?.length && {NODE}.imgs[0].naturalWidth > 1"


@pytest.fixture
def page(chromium, server):
    page = chromium.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(f"{server.url}/?template={quote('demo-construct')}&source={PACK}")
    page.wait_for_function(NODE)
    yield page
    page.close()


def run(page):
    page.get_by_test_id("queue-button").click()


def told_images(page, least):
    """Waits until the node tells of at least so many images; how many it tells of."""
    page.wait_for_function(
        f"least => parseInt(({TOLD})()) >= least && ({TOLD})().includes('left')", arg=least
    )
    return int(re.match(r"\d+", page.evaluate(TOLD))[0])


def test_a_cancelled_run_keeps_its_images_and_goes_on(page, server, screenshots):
    page.evaluate(f"{NODE}.widgets.find(w => w.name === 'run').value = 'cancelled'")
    votes = server.base / "models" / "hrv" / "runs" / "cancelled.votes"
    run(page)
    told_images(page, 2)
    assert re.search(r"cosine \d\.\d+ \(worst", page.evaluate(TOLD))
    page.wait_for_function(SHOWN)
    page.screenshot(path=screenshots / "construct-running.png")
    told = told_images(page, 2)
    page.evaluate(INTERRUPTED)
    page.get_by_role("button", name="Cancel current run").click()
    page.wait_for_function("window.interrupted")
    kept = load_votes(votes).done
    assert told <= kept < IMAGES
    run(page)
    assert told_images(page, kept + 1) > kept
    page.wait_for_function(f"() => ({TOLD})().startsWith('{IMAGES} images')")
    assert load_votes(votes).done == IMAGES
    page.wait_for_timeout(1000)
    page.screenshot(path=screenshots / "construct-done.png")


def inputs(page):
    """What the page would send for the node."""
    sent = page.evaluate("async () => (await window.app.graphToPrompt()).output")
    return next(n["inputs"] for n in sent.values() if n["class_type"] == "HRVConstruct")


def test_a_workflow_saved_before_recipe_measured_keeps_its_values(page, screenshots):
    workflow = json.loads((ROOT / "workflows" / "demo-construct.json").read_text("utf-8"))
    (node,) = (node for node in workflow["nodes"] if node["type"] == "HRVConstruct")
    node["inputs"] = [slot for slot in node["inputs"] if slot["name"] != "vote"]
    next(slot for slot in node["inputs"] if slot["name"] == "recipe")["type"] = "COMBO"
    node["widgets_values"][-6:] = ["authors", "mine", 0.5, False, 3]
    page.evaluate("workflow => window.app.loadGraphData(workflow)", workflow)
    page.wait_for_function(f"{NODE}?.widgets.some(w => w.value === 'mine')")
    expected = {"recipe": "authors", "run": "mine", "stop_at": 0.5, "exact": False, "parts": 3}
    found = inputs(page)
    assert {name: found[name] for name in expected} == expected and found["vote"] == "highest"
    assert not any(name.startswith("recipe.") for name in found)
    page.evaluate(f"{NODE}.widgets.find(w => w.name === 'recipe').value = 'measured'")
    page.wait_for_function(f"{NODE}.widgets.some(w => w.name === 'recipe.templates')")
    more = inputs(page)
    assert more["recipe"] == "measured" and more["run"] == "mine" and more["parts"] == 3
    assert (more["recipe.images"], more["recipe.swaps"]) == (1, 3)
    page.screenshot(path=screenshots / "construct-measured.png")
