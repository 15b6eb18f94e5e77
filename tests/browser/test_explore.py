"""HRV Explore in the real page: words to point at, places of the image, heads of a concept."""

import json

import pytest

from hrv_pack.tools.host import ROOT

EXPLORE = "HRVExplore"
WORKFLOW = json.loads((ROOT / "workflows" / "demo-see-where-words-went.json").read_text("utf-8"))
WORDS = ["a#1", "blue", "cat", "and", "a#2", "red", "boat", "on", "a#3", "snowy", "day"]
KEPT = f"node('{EXPLORE}').properties['HRV explored']"
FIRST = "Run to see where each word of the prompt acts."
EMPTY = {"version": 0.4, "nodes": [], "links": [], "groups": []}


@pytest.fixture
def graph(editor):
    """The template, open and not yet run."""
    editor.evaluate("workflow => window.app.loadGraphData(workflow)", WORKFLOW)
    editor.wait_for_function(f"node('{EXPLORE}') && document.querySelector('.hrv-explore')")
    editor.evaluate(
        f"""() => {{ const {{ ds }} = app.canvas, [x, y] = node('{EXPLORE}').pos;
            ds.scale = 1; ds.offset[0] = 400 - x; ds.offset[1] = 120 - y;
            app.canvas.setDirty(true, true) }}"""
    )
    return editor


@pytest.fixture
def explored(graph):
    """The same, run, with the words and the image shown."""
    graph.mouse.move(5, 500)
    graph.evaluate("app.queuePrompt(0)")
    chip(graph, "cat").wait_for()
    graph.wait_for_function("document.querySelector('.hrv-stage img').naturalWidth > 1")
    return graph


def chip(page, word):
    return page.locator(f'.hrv-explore .hrv-words button[title="{word}"]')


def chips(page):
    return page.locator(".hrv-explore .hrv-words button")


def heat(page):
    """The pixels of the heat that is shown; None where there is none."""
    return page.evaluate(
        """() => { const it = document.querySelector('.hrv-stage canvas');
          return it.hidden ? null : it.toDataURL() }"""
    )


def ranked(page):
    return page.locator(".hrv-ranks b").evaluate_all("all => all.map(each => each.title)")


def lit(page):
    return page.locator(".hrv-explore .hrv-lit").evaluate_all("all => all.map(each => each.title)")


def test_before_the_first_run_it_says_what_to_do(graph):
    assert graph.locator(".hrv-explore p[role=status]").inner_text() == FIRST
    assert not graph.locator(".hrv-stage").is_visible()


def test_a_word_that_is_pointed_at_glows_and_a_clicked_one_stays(explored, screenshots, request):
    assert [chip.get_attribute("title") for chip in chips(explored).all()] == WORDS
    assert heat(explored) is None
    chip(explored, "cat").hover()
    cat = heat(explored)
    assert cat and lit(explored) == ["cat"]
    explored.wait_for_timeout(500)
    explored.screenshot(path=screenshots / f"explore-word-{request.node.callspec.id}.png")
    chip(explored, "boat").click()
    boat = heat(explored)
    assert boat not in (None, cat)
    explored.locator(".hrv-stage").hover(position={"x": 90, "y": 190})
    assert heat(explored) == boat and lit(explored) == ["boat"]
    chip(explored, "boat").click()
    explored.locator(".hrv-stage").hover(position={"x": 90, "y": 190})
    assert heat(explored) is None


def test_a_place_that_is_pointed_at_ranks_its_words(explored, screenshots, request):
    assert ranked(explored) == []
    explored.locator(".hrv-stage").hover(position={"x": 90, "y": 190})
    first = ranked(explored)
    assert len(first) == 5 and {*first} <= {*WORDS}
    explored.screenshot(path=screenshots / f"explore-place-{request.node.callspec.id}.png")
    explored.locator(".hrv-stage").hover(position={"x": 320, "y": 250})
    assert ranked(explored) != first
    chip(explored, "cat").hover()
    assert ranked(explored) == []


def test_the_keyboard_does_what_the_pointer_does(explored):
    explored.mouse.move(5, 500)
    chip(explored, "cat").focus()
    assert lit(explored) == ["cat"] and heat(explored)
    explored.keyboard.press("Enter")
    assert chip(explored, "cat").get_attribute("aria-pressed") == "true"
    at = explored.evaluate(f"[...node('{EXPLORE}').pos]")
    explored.locator(".hrv-stage").focus()
    explored.keyboard.press("ArrowLeft")
    left = ranked(explored)
    for _ in range(5):
        explored.keyboard.press("ArrowRight")
    assert len(left) == 5 and ranked(explored) != left
    assert explored.evaluate(f"[...node('{EXPLORE}').pos]") == at
    assert heat(explored)  # the word that was kept


def test_a_concepts_heads_are_asked_for_without_another_run(explored):
    chip(explored, "cat").click()
    before = heat(explored)
    runs = explored.evaluate(f"{KEPT}.run")
    explored.locator(".hrv-explore select").select_option("Animals")
    explored.wait_for_function(CHANGED, arg=before)
    few = heat(explored)
    explored.locator(".hrv-explore input[type=range]").fill("3")
    explored.wait_for_function(CHANGED, arg=few)
    assert explored.locator(".hrv-line", has_text="3 of 88").count() == 1
    explored.locator(".hrv-explore select").select_option("")
    explored.wait_for_function(f"before => !({CHANGED})(before)", arg=before)
    assert explored.evaluate(f"{KEPT}.run") == runs


CHANGED = """before => {
    const it = document.querySelector('.hrv-stage canvas');
    return it && !it.hidden && it.toDataURL() !== before }"""


def test_every_image_of_a_batch_can_be_looked_at(explored):
    chip(explored, "cat").click()
    first, shown = heat(explored), explored.locator(".hrv-stage img").get_attribute("src")
    explored.get_by_role("button", name="Next image").click()
    explored.wait_for_function(CHANGED, arg=first)
    assert explored.locator(".hrv-stage img").get_attribute("src") != shown
    assert explored.locator(".hrv-line", has_text="image 2 of 2").count() == 1


def test_what_is_looked_at_stays_with_the_workflow(explored):
    chip(explored, "boat").click()
    explored.locator(".hrv-explore select").select_option("Vehicles")
    explored.wait_for_function(f"{KEPT}.concept === 'Vehicles'")
    saved = explored.evaluate("app.graph.serialize()")
    explored.evaluate("empty => app.loadGraphData(empty)", EMPTY)
    chip(explored, "boat").wait_for(state="detached")
    explored.evaluate("saved => app.loadGraphData(saved)", saved)
    explored.wait_for_selector('.hrv-words button[title="boat"][aria-pressed="true"]')
    assert explored.locator(".hrv-explore select").input_value() == "Vehicles"
    again = explored.evaluate("app.graph.serialize()")
    assert fields(again) == fields(saved)


def fields(saved):
    """What is saved of the fields of our nodes."""
    ours = [node for node in saved["nodes"] if node["type"].startswith("HRV")]
    return {node["id"]: node.get("widgets_values") for node in ours}


def test_a_run_that_is_gone_says_so(explored):
    saved = explored.evaluate("app.graph.serialize()")
    (node,) = (node for node in saved["nodes"] if node["type"] == EXPLORE)
    node["properties"]["HRV explored"]["run"] = "gone"
    explored.evaluate("saved => app.loadGraphData(saved)", saved)
    told = explored.locator(".hrv-explore p[role=status]", has_text="Run again to see them")
    told.wait_for()
    assert not explored.locator(".hrv-stage").is_visible()


def test_a_kept_word_goes_into_a_steering_nodes_field_at_a_click(explored):
    explored.evaluate(
        """() => { const adjust = LiteGraph.createNode('HRVConceptAdjust'); app.graph.add(adjust);
          node('HRVPrompt').connect(0, adjust, adjust.findInputSlot('conditioning'));
          adjust.pos = [-400, 700] }"""
    )
    chip(explored, "boat").click()
    explored.get_by_role("button", name="Use “boat” in Concept Adjust").click()
    assert explored.evaluate("field('HRVConceptAdjust', 'words').value") == "boat"
    assert explored.get_by_role("button", name="Use “boat”").count() == 0
    chip(explored, "a#2").click()
    explored.get_by_role("button", name="Use “a#2” in Concept Adjust").click()
    assert explored.evaluate("field('HRVConceptAdjust', 'words').value") == "boat, a#2"
    assert explored.evaluate("field('HRVCapture', 'preview_word').value") == ""
