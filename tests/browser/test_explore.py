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
    runs = explored.evaluate(f"{KEPT}.runs")
    explored.locator(".hrv-explore select").select_option("Animals")
    explored.wait_for_function(CHANGED, arg=before)
    few = heat(explored)
    explored.locator(".hrv-explore input[type=range]").fill("3")
    explored.wait_for_function(CHANGED, arg=few)
    assert explored.locator(".hrv-line", has_text="3 of 88").count() == 1
    explored.locator(".hrv-explore select").select_option("")
    explored.wait_for_function(f"before => !({CHANGED})(before)", arg=before)
    assert explored.evaluate(f"{KEPT}.runs") == runs


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


SWEEP = """() => {
    const from = (type, name) => { const it = node(type), slot = it.findInputSlot(name);
      return [it.getInputNode(slot), it.getInputLink(slot).origin_slot] };
    const join = ([origin, slot], to, name) => origin.connect(slot, to, to.findInputSlot(name));
    const sweep = LiteGraph.createNode('HRVStrengthSweep'); app.graph.add(sweep);
    join(from('HRVCapture', 'model'), sweep, 'model');
    join(from('HRVExplore', 'hrv'), sweep, 'hrv');
    join([node('HRVPrompt'), 0], sweep, 'conditioning');
    type('HRVStrengthSweep', 'words', 'cat');
    type('HRVStrengthSweep', 'strengths', '0, 1');
    type('HRVStrengthSweep', 'read_as', 'Animals');
    type('HRVStrengthSweep', 'not_as', 'nothing');
    join([sweep, 0], node('HRVCapture'), 'model') }"""


def test_every_image_of_a_sweep_can_be_looked_at(graph):
    graph.evaluate(SWEEP)
    graph.evaluate("app.queuePrompt(0)")
    graph.locator(".hrv-line", has_text="image 1 of 4").wait_for()
    shown = graph.locator(".hrv-stage img")
    images = []
    for number in (2, 3, 4, 1):
        graph.get_by_role("button", name="Next image").click()
        graph.locator(".hrv-line", has_text=f"image {number} of 4").wait_for()
        images.append(shown.get_attribute("src"))
    assert len(set(images)) == 4


def test_more_heads_than_a_model_has_keep_the_concept(explored):
    explored.evaluate(f"Object.assign({KEPT}, {{ concept: 'Animals', heads: 1000 }})")
    explored.evaluate(f"node('{EXPLORE}').onConfigure({{}})")
    explored.locator(".hrv-line", has_text="88 of 88").wait_for()
    assert explored.locator(".hrv-explore select").input_value() == "Animals"


def test_a_concept_that_is_not_there_gives_way_to_all_heads(explored):
    explored.evaluate(f"Object.assign({KEPT}, {{ concept: 'Animal' }})")
    explored.evaluate(f"node('{EXPLORE}').onConfigure({{}})")
    explored.wait_for_function(f"{KEPT}.concept === ''")
    assert explored.locator(".hrv-stage").is_visible()


def test_a_server_that_does_not_answer_is_told(explored):
    explored.route("**/hrv/map", lambda route: route.abort())
    explored.evaluate(f"node('{EXPLORE}').onConfigure({{}})")
    explored.locator(".hrv-explore p[role=status]", has_text="does not answer").wait_for()
    explored.unroute("**/hrv/map")


def test_an_image_that_is_gone_is_told_whenever_the_maps_come(explored):
    explored.evaluate(f"{KEPT}.runs[0].images[0].filename = 'gone.png'")
    explored.evaluate(f"node('{EXPLORE}').onConfigure({{}})")
    explored.wait_for_timeout(1500)
    assert "no longer kept" in explored.locator(".hrv-explore p[role=status]").inner_text()
    assert not explored.locator(".hrv-stage").is_visible()


@pytest.mark.parametrize("kept", ["{ run: 'x', image: 3 }", "{ runs: [{ run: 'x' }] }"])
def test_what_was_kept_without_images_is_as_before_the_first_run(graph, kept):
    graph.evaluate(f"{KEPT} = {kept}")
    graph.evaluate(f"node('{EXPLORE}').onConfigure({{}})")
    assert graph.locator(".hrv-explore p[role=status]").inner_text() == FIRST


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
    node["properties"]["HRV explored"]["runs"][0]["run"] = "gone"
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


def test_fields_that_are_connected_or_deleted_are_not_offered(explored):
    explored.evaluate(
        """() => { for (const title of ['Open', 'Linked', 'Brief']) {
            const it = LiteGraph.createNode('HRVConceptAdjust'); app.graph.add(it);
            it.title = title;
            node('HRVPrompt').connect(0, it, it.findInputSlot('conditioning')) }
          const text = LiteGraph.createNode('PrimitiveString'); app.graph.add(text);
          const linked = every().find(each => each.title === 'Linked');
          text.connect(0, linked, linked.findInputSlot('words')) }"""
    )
    chip(explored, "boat").click()
    uses = explored.get_by_role("button", name="Use “boat”")
    uses.first.wait_for()
    assert [each.inner_text() for each in uses.all()] == [
        f"Use “boat” in {title}" for title in ("Open", "Brief")
    ]
    explored.evaluate(
        """() => { const all = [...document.querySelectorAll('.hrv-explore button')];
          app.graph.remove(every().find(each => each.title === 'Brief'));
          all.find(each => each.textContent.includes('in Brief')).click() }"""
    )
    assert [each.inner_text() for each in uses.all()] == ["Use “boat” in Open"]
    assert "Brief" not in explored.locator(".hrv-explore p[role=status]").inner_text()
    explored.evaluate("app.graph.remove(every().find(each => each.title === 'Open'))")
    uses.first.wait_for(state="detached")
