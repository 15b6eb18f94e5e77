"""The page in another language: nodes, fields and menus in its words, saved values as they were."""

import pytest

STEER, ADJUST, WEAKEN = "HRVSteer", "HRVConceptAdjust", "HRVOrderedWeaken"
NAMES = (("HRV 引导", "HRV Steer"), ("概念调整", "Concept Adjust"), ("按序减弱", "Ordered Weaken"))
SPEAK = "language => app.extensionManager.setting.set('Comfy.Locale', language)"
ADD = """() => { app.graph.clear();
  ['HRVSteer', 'HRVConceptAdjust', 'HRVOrderedWeaken'].forEach((type, place) => {
    const made = LiteGraph.createNode(type); made.pos = [60 + 480 * place, 120];
    app.graph.add(made) });
  app.canvas.ds.scale = 0.8; app.canvas.ds.offset[0] = app.canvas.ds.offset[1] = 0;
  app.canvas.setDirty(true, true) }"""
SHOWN = "([type, name]) => field(type, name).options.getOptionLabel(field(type, name).value)"


@pytest.fixture(scope="module")
def page(page):
    """The page in Chinese, as somebody opens it who chose the language before."""
    page.evaluate(SPEAK, "zh")
    page.reload()
    page.wait_for_function("window.app?.graph?.nodes && window.app.extensionManager")
    return page


@pytest.fixture
def chinese(editor):
    """The page in Chinese with three nodes."""
    editor.evaluate(ADD)
    return editor


def test_nodes_fields_and_choices_are_in_the_pages_language(chinese, screenshots, request):
    titles = [chinese.evaluate(f"node('{type_}').title") for type_ in (STEER, ADJUST, WEAKEN)]
    assert titles == [f"{said} ({english})" for said, english in NAMES]
    assert chinese.evaluate(f"field('{STEER}', 'read_as').label") == "理解为"
    assert chinese.evaluate(SHOWN, [WEAKEN, "unit"]) == "注意力头"
    assert chinese.evaluate(SHOWN, [ADJUST, "undesired"]).endswith("(Plants)")
    chinese.screenshot(path=screenshots / f"chinese-{request.node.callspec.id}.png")
    if chinese.evaluate("Boolean(LiteGraph.vueNodesMode)"):
        for text in ("HRV 引导 (HRV Steer)", "理解为", "注意力头"):
            chinese.get_by_text(text, exact=True).first.wait_for()
    chinese.locator(".hrv-hint", has_text="提示词还是空的").first.wait_for()


def test_what_is_saved_stays_english(chinese):
    saved = chinese.evaluate("app.graph.serialize()")["nodes"]
    (adjust,) = (node for node in saved if node["type"] == ADJUST)
    (weaken,) = (node for node in saved if node["type"] == WEAKEN)
    assert {"Color", "Plants"} <= set(map(str, adjust["widgets_values"]))
    assert {"heads"} <= set(map(str, weaken["widgets_values"]))


def test_a_choice_in_the_pages_language_sets_the_value_it_stands_for(chinese):
    """The menu that the renderer opens is filled by the same labels."""
    labels = chinese.evaluate(
        f"""() => {{ const it = field('{WEAKEN}', 'order');
            return it.options.values.map(value => [value, it.options.getOptionLabel(value)]) }}"""
    )
    assert dict(labels) == {"MoRHF": "MoRHF", "LeRHF": "LeRHF", "random": "随机"}


def test_a_concept_that_is_called_as_a_choice_elsewhere_keeps_its_own_name(chinese):
    label = "([type, name]) => field(type, name).options.getOptionLabel('random')"
    assert chinese.evaluate(label, [WEAKEN, "order"]) == "随机"
    assert chinese.evaluate(label, [ADJUST, "undesired"]) == "random"
