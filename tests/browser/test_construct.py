"""HRV Construct in the real page: it shows how far it is, can be cancelled, and goes on."""

import re
from urllib.parse import quote

import pytest

from hrv_pack.hrv.files.vote_file import load_votes
from hrv_pack.tools.server import PACK

IMAGES = 40
NODE = '(window.app?.graph?.nodes?.find(node => node.type === "HRVConstruct"))'
TOLD = f"() => {NODE}.properties['HRV text'] ?? ''"
SHOWN = f"() => {NODE}.imgs?.length && {NODE}.imgs[0].naturalWidth > 1"


@pytest.fixture
def page(chromium, server):
    page = chromium.new_page(viewport={"width": 1600, "height": 1000})
    page.set_default_timeout(300_000)
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
    page.get_by_role("button", name="Cancel current run").click()
    page.wait_for_function("() => !window.app.graph.nodes.some(node => node.progress > 0)")
    page.wait_for_timeout(1000)
    kept = load_votes(votes).done
    assert told <= kept < IMAGES
    run(page)
    assert told_images(page, kept + 1) > kept
    page.wait_for_function(f"() => ({TOLD})().startsWith('{IMAGES} images')")
    assert load_votes(votes).done == IMAGES
    page.wait_for_timeout(1000)
    page.screenshot(path=screenshots / "construct-done.png")
