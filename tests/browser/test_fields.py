"""Words to click and menus of concepts, drawn by either renderer."""

import json

import pytest
from small_relevance import relevance

from hrv_pack.hrv.files.hrv_file import save_relevance
from hrv_pack.tools.host import ROOT

ADJUST = "HRVConceptAdjust"
WORKFLOW = json.loads((ROOT / "workflows" / "demo-steer.json").read_text())
NODE = next(node for node in WORKFLOW["nodes"] if node["type"] == ADJUST)
WORD = "mouse"
FEW = "few.hrv.safetensors"
PAPERS = 34  # concepts; the demo's file has fewer


def small(workflow):
    """The workflow with one Concept Adjust, and nothing that is fed by the others."""
    kept = {"HRVDemoModel", "HRVLoad", "HRVPrompt"}
    (adjust, *_) = [node for node in workflow["nodes"] if node["type"] == ADJUST]
    nodes = [node for node in workflow["nodes"] if node["type"] in kept or node is adjust]
    ids = {node["id"] for node in nodes}
    links = [link for link in workflow["links"] if link[1] in ids and link[3] in ids]
    left = {link[0] for link in links}
    for node in nodes:
        for output in node.get("outputs", []):
            output["links"] = [link for link in output["links"] or [] if link in left]
    return {**workflow, "nodes": nodes, "links": links, "groups": []}


@pytest.fixture
def graph(editor):
    """The small workflow, open, with the words of its prompt to click."""
    workflow = small(json.loads(json.dumps(WORKFLOW)))
    editor.evaluate("workflow => window.app.loadGraphData(workflow)", workflow)
    editor.wait_for_function(f"node('{ADJUST}') && document.querySelector('.hrv-words button')")
    editor.evaluate(
        f"""() => {{ const {{ ds }} = app.canvas, [x, y] = node('{ADJUST}').pos;
            ds.scale = 1; ds.offset[0] = 300 - x; ds.offset[1] = 200 - y;
            app.canvas.setDirty(true, true) }}"""
    )
    # Until the server says what the file has, menus list every concept there is.
    editor.wait_for_function(f"menu('{ADJUST}', 'desired').length < {PAPERS}")
    return editor


@pytest.fixture(scope="module")
def few(server):
    """A file of two concepts, Dragons and Color, in the server's folder."""
    folder = server.base / "models" / "hrv"
    folder.mkdir(parents=True, exist_ok=True)
    save_relevance(folder / FEW, relevance("Dragons"))
    return ["Dragons", "Color"]


def values(node):
    return node["id"], node.get("widgets_values") or []


def listed(page):
    return page.evaluate(f"menu('{ADJUST}', 'desired')")


def wait_listed(page, names):
    page.wait_for_function(
        f"names => String(menu('{ADJUST}', 'desired')) === String(names)", arg=names
    )


def words(page):
    return page.evaluate(f"field('{ADJUST}', 'words').value")


def chip(page, word):
    return page.locator(f'.hrv-words button[title="{word}"]').first


def lit(word):
    return f'.hrv-words button[title="{word}"][aria-pressed="true"]'


def test_a_click_on_a_word_names_it_and_another_takes_it_back(graph, screenshots, request):
    graph.wait_for_selector(lit(WORD))
    chip(graph, "blue").click()
    graph.wait_for_selector(lit("blue"))
    assert words(graph) == f"{WORD}, blue"
    graph.screenshot(path=screenshots / f"chips-{request.node.callspec.id}.png")
    chip(graph, WORD).click()
    graph.wait_for_selector(lit(WORD), state="detached")
    assert words(graph) == "blue"


def test_words_that_come_twice_are_clicked_apart(graph):
    graph.evaluate("type('HRVPrompt', 'text', 'a mouse beside a mouse')")
    graph.wait_for_selector(lit("mouse#2"))
    chip(graph, "mouse#2").click()
    graph.wait_for_selector(lit("mouse#2"), state="detached")
    assert words(graph) == "mouse#1"
    chip(graph, "mouse#2").click()
    graph.wait_for_selector(lit("mouse#2"))
    assert words(graph) == "mouse#1, mouse#2"


def test_a_word_that_is_missing_is_told_before_the_run(graph):
    graph.evaluate("type('HRVPrompt', 'text', 'a red cat')")
    told = graph.wait_for_selector(".hrv-missing")
    assert "“mouse” is not in the prompt" in told.inner_text()
    graph.evaluate("type('HRVPrompt', 'text', 'a red <img src=x onerror=boom()> mouse')")
    graph.wait_for_selector(lit(WORD))
    assert graph.locator(".hrv-words img").count() == 0
    assert graph.locator(".hrv-missing").count() == 0


def test_without_a_prompt_the_field_says_what_to_connect(graph):
    graph.evaluate(f"node('{ADJUST}').disconnectInput(2)")
    assert "Connect “conditioning”" in graph.wait_for_selector(".hrv-words .hrv-hint").inner_text()
    graph.evaluate(
        f"""() => {{ const other = LiteGraph.createNode('CLIPTextEncode'); app.graph.add(other);
            other.connect(0, node('{ADJUST}'), 2) }}"""
    )
    graph.wait_for_selector(".hrv-words .hrv-hint:has-text('No HRV Prompt')")


def test_what_is_saved_is_what_stands_in_the_fields(graph):
    """Fields of the page alone leave no holes in the list of saved values."""
    of = [values(node) for node in small(json.loads(json.dumps(WORKFLOW)))["nodes"]]
    for _ in range(2):
        saved = graph.evaluate("app.graph.serialize()")
        assert [values(node) for node in saved["nodes"]] == of
        graph.evaluate("saved => app.loadGraphData(saved)", saved)
        graph.wait_for_selector(lit(WORD))


def test_menus_follow_the_file_and_the_r_key(graph, few):
    (demo,) = [n["widgets_values"][0] for n in WORKFLOW["nodes"] if n["type"] == "HRVLoad"]
    before = listed(graph)
    graph.evaluate("app.refreshComboInNodes()")
    graph.wait_for_function(f"menu('HRVLoad', 'file').includes('{FEW}')")
    graph.wait_for_function(
        "typeof field('HRVConceptAdjust', 'desired').options.values !== 'object'"
    )
    assert listed(graph) == before
    graph.evaluate("name => type('HRVLoad', 'file', name)", FEW)
    wait_listed(graph, few)
    graph.evaluate("name => type('HRVLoad', 'file', name)", demo)
    wait_listed(graph, before)


def test_the_opened_menu_shows_the_files_concepts(graph, few):
    graph.evaluate("app.refreshComboInNodes()")
    graph.wait_for_function(f"menu('HRVLoad', 'file').includes('{FEW}')")
    graph.evaluate("name => type('HRVLoad', 'file', name)", FEW)
    wait_listed(graph, few)
    if graph.evaluate("Boolean(LiteGraph.vueNodesMode)"):
        row = graph.locator('[data-testid="widget-select-default-trigger"]')
        row.filter(has_text="Electronics").first.click()
        shown = graph.locator('[data-testid="widget-select-default-overlay"] [role="option"]')
    else:
        box = graph.evaluate(
            f"""(() => {{ const it = node('{ADJUST}'), menu = field('{ADJUST}', 'desired');
                const {{ ds, canvas }} = app.canvas, frame = canvas.getBoundingClientRect();
                const at = [it.pos[0] + 150, it.pos[1] + menu.last_y + 10];
                return [frame.left + (at[0] + ds.offset[0]) * ds.scale,
                        frame.top + (at[1] + ds.offset[1]) * ds.scale] }})()"""
        )
        graph.mouse.click(*box)
        shown = graph.locator(".litecontextmenu .litemenu-entry")
    shown.first.wait_for()
    assert [text.strip() for text in shown.all_inner_texts()] == few
    graph.keyboard.press("Escape")


@pytest.mark.parametrize("way", ["reroute", "bypassed", "subgraph", "paste"])
def test_menus_and_words_come_through(graph, way):
    before = listed(graph)
    graph.evaluate(WAYS[way])
    wait_listed(graph, before)
    graph.evaluate("type('HRVPrompt', 'text', 'a mouse at night')")
    graph.evaluate(OPEN)
    graph.wait_for_selector('.hrv-words button[title="night"]', state="attached")


WAYS = {
    "reroute": """() => {
        const it = node('HRVConceptAdjust');
        for (const name of ['hrv', 'conditioning']) {
          const slot = it.findInputSlot(name), link = app.graph.getLink(it.inputs[slot].link);
          const between = LiteGraph.createNode('Reroute'); app.graph.add(between);
          app.graph.getNodeById(link.origin_id).connect(link.origin_slot, between, 0);
          between.connect(0, it, slot);
        } }""",
    "bypassed": """() => {
        const it = node('HRVConceptAdjust'), slot = it.findInputSlot('hrv');
        const between = LiteGraph.createNode('HRVSave'); app.graph.add(between); between.mode = 4;
        node('HRVLoad').connect(0, between, 0); between.connect(0, it, slot); }""",
    "subgraph": """() => {
        app.graph.convertToSubgraph(new Set([node('HRVConceptAdjust')])) }""",
    "paste": """() => {
        const it = node('HRVConceptAdjust');
        app.canvas.deselectAll(); app.canvas.selectNode(it); app.canvas.copyToClipboard();
        app.canvas.pasteFromClipboard({ connectInputs: true }); app.graph.remove(it); }""",
}
# Fields inside a subgraph are on the page once somebody looks into it.
OPEN = """() => {
    const holder = app.graph.nodes.find(each => each.subgraph);
    if (holder) app.canvas.openSubgraph(holder.subgraph, holder); }"""


def test_a_new_node_takes_concepts_of_the_vectors_it_is_connected_to(graph, few):
    graph.evaluate("app.refreshComboInNodes()")
    graph.evaluate("name => type('HRVLoad', 'file', name)", FEW)
    wait_listed(graph, few)
    graph.evaluate(
        """() => { app.graph.remove(node('HRVConceptAdjust'));
          const made = LiteGraph.createNode('HRVConceptAdjust'); app.graph.add(made);
          node('HRVLoad').connect(0, made, made.findInputSlot('hrv')) }"""
    )
    graph.wait_for_function(f"field('{ADJUST}', 'undesired').value === 'Dragons'")
    assert graph.evaluate(f"field('{ADJUST}', 'desired').value") == "Color"


def test_the_file_that_auto_will_take_is_known_by_the_model_upstream(graph):
    before = listed(graph)
    graph.evaluate(
        """() => { const model = every().find(each => each.type === 'HRVDemoModel'),
          load = node('HRVLoad'), between = LiteGraph.createNode('LoraLoaderModelOnly');
          app.graph.add(between); model.connect(0, between, 0);
          between.connect(0, load, load.findInputSlot('model'));
          type('HRVLoad', 'file', 'auto') }"""
    )
    wait_listed(graph, before)


def test_menus_follow_the_texts_of_a_node_that_makes_vectors(graph):
    graph.evaluate(
        """() => { const made = LiteGraph.createNode('HRVMeasure'); app.graph.add(made);
          const it = node('HRVConceptAdjust'); made.connect(0, it, it.findInputSlot('hrv'));
          type('HRVMeasure', 'read_as', 'computer mouse');
          type('HRVMeasure', 'not_as', 'mouse animal') }"""
    )
    wait_listed(graph, ["computer mouse", "mouse animal"])


SHOWN = f"""() => node('{ADJUST}').widgets.filter(each => node('{ADJUST}').isWidgetVisible(each)
    && each.options.hidden !== true && each.serialize !== false).map(each => each.name)"""


def test_fine_settings_fold_away_until_they_are_asked_for(graph):
    if graph.evaluate("Boolean(LiteGraph.vueNodesMode)"):
        rows = graph.locator(f'[data-node-id="{NODE["id"]}"]')
        rows.get_by_text("strength", exact=True).wait_for()
        assert rows.get_by_text("desired weight").count() == 0
        rows.get_by_text("advanced").first.click()
        rows.get_by_text("desired weight", exact=True).wait_for()
        return
    few = graph.evaluate(SHOWN)
    assert few == ["words", "desired", "undesired", "strength"]
    graph.evaluate(f"node('{ADJUST}').widgets.find(each => each.type === 'button').callback()")
    assert graph.evaluate(SHOWN)[:4] == few and len(graph.evaluate(SHOWN)) == 10
    graph.evaluate(f"type('{ADJUST}', 'clamp_at', 5)")
    saved = graph.evaluate("app.graph.serialize()")
    for node in saved["nodes"]:
        node.pop("showAdvanced", None)
    graph.evaluate("saved => app.loadGraphData(saved)", saved)
    graph.wait_for_selector(lit(WORD))
    assert len(graph.evaluate(SHOWN)) == 10  # what differs from the usual is not hidden


STEER = "HRVSteer"


def more_words(page):
    return page.evaluate(f"field('{STEER}', 'more_words').value")


def test_words_of_lines_are_clicked_and_lit(editor):
    editor.evaluate("app.loadGraphData({ version: 0.4, nodes: [], links: [], groups: [] })")
    editor.wait_for_function("app.graph.nodes.length === 0")
    editor.evaluate(
        f"""() => {{ const made = LiteGraph.createNode('{STEER}'); made.pos = [60, 60];
            app.graph.add(made); app.canvas.ds.scale = 1;
            app.canvas.ds.offset[0] = app.canvas.ds.offset[1] = 0;
            type('{STEER}', 'text', 'a vase in lavender beside a mouse') }}"""
    )
    chips = editor.locator(".hrv-words").nth(1)
    chips.locator('button[title="vase"]').click()
    chips.locator('button[title="vase"][aria-pressed="true"]').wait_for()
    assert more_words(editor) == "vase: "
    lines = "vase: Material: -Color: 0.5\nmouse: computer mouse, wireless"
    editor.evaluate(f"lines => type('{STEER}', 'more_words', lines)", lines)
    chips.locator('button[title="mouse"][aria-pressed="true"]').wait_for()
    chips.locator('button[title="vase"]').click()
    chips.locator('button[title="vase"][aria-pressed="false"]').wait_for()
    assert more_words(editor) == "mouse: computer mouse, wireless"
    chips.locator('button[title="lavender"]').click()
    chips.locator('button[title="lavender"][aria-pressed="true"]').wait_for()
    assert more_words(editor) == "mouse: computer mouse, wireless\nlavender: "
    editor.evaluate(f"type('{STEER}', 'more_words', 'rose: Color')")
    chips.locator(".hrv-missing", has_text="“rose” is not in the prompt").wait_for()
