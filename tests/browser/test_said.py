"""What nodes say: texts that stay on them, and errors that are seen at once, in either renderer."""

import pytest

SAVED = "saved as kept"
FILE = "demo.hrv.safetensors"


@pytest.fixture
def graph(editor):
    """An empty graph whose runs have ended."""
    editor.evaluate("app.loadGraphData({ version: 0.4, nodes: [], links: [], groups: [] })")
    editor.wait_for_function("app.graph.nodes.length === 0")
    return editor


def build(page, type_, **values):
    """HRV Load, connected to a new node with these values in its fields."""
    page.evaluate(
        """([type, file, values]) => {
            const load = LiteGraph.createNode('HRVLoad'), made = LiteGraph.createNode(type);
            load.pos = [100, 100]; made.pos = [450, 100];
            app.graph.add(load); app.graph.add(made); load.connect(0, made, 0);
            field('HRVLoad', 'file').value = file;
            for (const [name, value] of Object.entries(values)) field(type, name).value = value;
            app.canvas.ds.scale = 1; app.canvas.ds.offset.set?.([0, 0]) }""",
        [type_, FILE, values],
    )


def shown(page, text):
    return page.locator(".hrv-text", has_text=text)


def test_what_a_node_said_stays_after_the_run_and_with_the_workflow(graph, screenshots, request):
    build(graph, "HRVSave", name="kept")
    graph.evaluate("app.queuePrompt(0)")
    shown(graph, SAVED).wait_for()
    graph.wait_for_timeout(1000)
    assert shown(graph, SAVED).is_visible()
    graph.screenshot(path=screenshots / f"saved-{request.node.callspec.id}.png")
    saved = graph.evaluate("app.graph.serialize()")
    graph.evaluate("app.loadGraphData({ version: 0.4, nodes: [], links: [], groups: [] })")
    shown(graph, SAVED).wait_for(state="detached")
    graph.evaluate("saved => app.loadGraphData(saved)", saved)
    shown(graph, SAVED).wait_for()
    again = graph.evaluate("app.graph.serialize()")
    values = [[node.get("widgets_values") for node in each["nodes"]] for each in (saved, again)]
    assert values[0] == values[1]


def test_a_text_inside_a_subgraph_reaches_its_node(graph):
    build(graph, "HRVSave", name="kept")
    graph.evaluate("() => { app.graph.convertToSubgraph(new Set([node('HRVSave')])) }")
    graph.evaluate("app.queuePrompt(0)")
    graph.wait_for_function(f"Object.values(node('HRVSave').properties).join().includes('{SAVED}')")


def test_the_sentence_of_an_error_is_on_the_page_at_once(graph, screenshots, request):
    build(graph, "HRVInspect", concept="Dragons")
    graph.evaluate("app.queuePrompt(0)")
    sentence = graph.get_by_text("This HRV has no concept 'Dragons'").first
    sentence.wait_for()
    graph.screenshot(path=screenshots / f"error-{request.node.callspec.id}.png")
    assert "Its concepts are: Animals" in sentence.inner_text()


def test_what_is_wrong_before_a_run_is_said_once(graph):
    graph.evaluate(
        """() => {
            const [model, steer, end] = ['HRVDemoModel', 'HRVSteer', 'PreviewAny'].map(type => {
                const made = LiteGraph.createNode(type); app.graph.add(made); return made });
            model.connect(0, steer, steer.findInputSlot('model'));
            model.connect(1, steer, steer.findInputSlot('clip'));
            steer.connect(1, end, 0);
            const said = { text: 'a red cat', word: 'mouse', read_as: 'computer mouse' };
            for (const [name, value] of Object.entries(said)) field('HRVSteer', name).value = value;
            app.queuePrompt(0) }"""
    )
    graph.wait_for_function("Object.keys(app.lastNodeErrors ?? {}).length")
    (node,) = graph.evaluate("Object.values(app.lastNodeErrors)")
    assert [error["type"] for error in node["errors"]] == ["custom_validation_failed"]
    assert "mouse' is not in the prompt" in node["errors"][0]["details"]


def test_the_error_of_another_packs_node_is_left_to_the_page(graph):
    graph.evaluate("app.extensionManager.toast.removeAll?.()")
    count = graph.locator(".p-toast-message").count()
    graph.evaluate(
        """() => app.api.dispatchCustomEvent('execution_error', { node_id: '1', node_type: 'Other',
             exception_message: 'not our sentence', exception_type: 'ValueError',
             traceback: ['  File "/somewhere/custom_nodes/other/node.py", line 1'],
             executed: [], prompt_id: 'none' })"""
    )
    graph.wait_for_timeout(500)
    assert graph.locator(".p-toast-message", has_text="not our sentence").count() == 0
    assert graph.locator(".p-toast-message").count() <= count
