"""Run again: after an interruption, a changed file, a reload; from a made image; in two tabs."""

from itertools import count

import pytest
from page_words import EDITOR, INTERRUPTED, READY
from small_relevance import relevance

from hrv_pack.hrv.files.hrv_file import save_relevance

KEPT = "kept.hrv.safetensors"
SMALL = """async ([read, steps, strength]) => {
  await empty();
  const model = add('HRVDemoModel');
  const latent = add('EmptyLatentImage', { width: 64, height: 64 });
  const it = add('HRVSteer', { model: [model, 0], clip: [model, 1], strength,
    text: 'a blue mouse on a sunny day', word: 'mouse', read_as: read });
  const negative = add('CLIPTextEncode', { clip: [model, 1] });
  const sampler = add('KSampler', { model: [it, 0], positive: [it, 1], negative: [negative, 0],
    latent_image: [latent, 0], control_after_generate: 'fixed', steps });
  const image = add('VAEDecode', { samples: [sampler, 0], vae: [model, 2] });
  add('SaveImage', { images: [image, 0] }) }"""
IMAGE = """() => { const made = node('SaveImage')?.imgs ?? [];
  return made.length > 0 && made.every(each => each.naturalWidth > 1) && made[0].src }"""
SAID = "node('HRVSteer')?.properties['HRV text'] ?? ''"
STEPS = 4
# What was run before is not run again: each graph has a strength of its own.
STRENGTHS = count(0.5, 0.05)
# Whether the page has kept the open workflow with what its node said.
STORED = """said => Object.values(localStorage).concat(Object.values(sessionStorage))
  .some(kept => kept.includes(JSON.stringify(said).slice(1, -1)))"""
# A file that is let go over the canvas, as the page sees it.
DROP = """async source => {
  const image = await (await fetch(source)).blob(), carried = new DataTransfer();
  carried.items.add(new File([image], 'made.png', { type: 'image/png' }));
  const at = { clientX: 800, clientY: 900 };
  const given = { dataTransfer: carried, bubbles: true, cancelable: true, ...at };
  app.canvas.canvas.dispatchEvent(new DragEvent('dragover', given));
  app.canvas.canvas.dispatchEvent(new DragEvent('drop', given)) }"""


def run(page):
    page.get_by_test_id("queue-button").click()


def image(page):
    return page.wait_for_function(IMAGE).json_value()


@pytest.fixture
def made(editor):
    """The small graph, run: its image is on the page."""
    editor.evaluate(SMALL, ["Electronics", STEPS, next(STRENGTHS)])
    run(editor)
    image(editor)
    return editor


def test_an_interrupted_run_can_be_run_again(editor):
    editor.evaluate(SMALL, ["Electronics", 400, next(STRENGTHS)])
    run(editor)
    editor.wait_for_function("node('KSampler').progress > 0")
    editor.evaluate(INTERRUPTED)
    editor.get_by_role("button", name="Cancel current run").click()
    editor.wait_for_function("window.interrupted")
    assert not editor.evaluate(IMAGE)
    editor.evaluate(f"type('KSampler', 'steps', {STEPS})")
    run(editor)
    image(editor)


def test_a_reload_keeps_the_graph_what_it_said_and_its_words(made, screenshots, request):
    said = made.evaluate(SAID)
    assert "mouse" in said
    made.wait_for_function(STORED, arg=said)
    made.reload()
    made.wait_for_function(READY)
    made.evaluate(EDITOR)
    made.wait_for_function(f"said => ({SAID}) === said", arg=said)
    made.locator(".hrv-text", has_text=said[:20]).wait_for()
    made.locator('.hrv-words button[title="mouse"][aria-pressed="true"]').first.wait_for()
    made.screenshot(path=screenshots / f"reloaded-{request.node.callspec.id}.png")
    run(made)
    image(made)


def test_a_graph_that_was_run_before_says_again_what_it_said(made):
    """The host keeps the results and runs nothing."""
    said, strength = made.evaluate(f"[{SAID}, field('HRVSteer', 'strength').value]")
    made.evaluate(SMALL, ["Electronics", STEPS, strength])
    assert made.evaluate(SAID) == ""
    run(made)
    made.wait_for_function(f"said => ({SAID}) === said", arg=said)
    made.locator(".hrv-text", has_text=said[:20]).wait_for()
    image(made)


def test_a_made_image_that_is_dragged_back_brings_its_workflow(made):
    source = made.evaluate(IMAGE)
    before = made.evaluate("app.graph.nodes.map(each => each.type).sort().join()")
    made.evaluate("empty()")
    made.wait_for_function("app.graph.nodes.length === 0")
    made.evaluate(DROP, source)
    kinds = "app.graph.nodes.map(each => each.type).sort().join()"
    made.wait_for_function(f"before => {kinds} === before", arg=before)
    assert made.evaluate("field('HRVSteer', 'read_as').value") == "Electronics"
    made.locator('.hrv-words button[title="mouse"][aria-pressed="true"]').first.wait_for()
    run(made)
    image(made)


def test_a_file_that_changed_on_disk_is_read_again(editor, server):
    file = server.base / "models" / "hrv" / KEPT
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    save_relevance(file, relevance("Dragons"))
    editor.evaluate(
        """async file => { await empty();
          add('HRVInspect', { hrv: [add('HRVLoad', { file }), 0], concept: 'Castles' }) }""",
        KEPT,
    )
    run(editor)
    editor.get_by_text("This HRV has no concept 'Castles'").first.wait_for()
    file.unlink()
    save_relevance(file, relevance("Castles"))
    editor.mouse.click(800, 930)  # where the graph is empty
    editor.keyboard.press("r")
    editor.wait_for_function("String(menu('HRVInspect', 'concept')) === 'Castles,Color'")
    run(editor)
    editor.wait_for_function("node('HRVInspect').imgs?.[0]?.naturalWidth > 1")


def test_two_tabs_show_each_their_own(made, chromium, server):
    other = chromium.new_page(viewport={"width": 1600, "height": 1000})
    other.goto(server.url)
    other.wait_for_function(READY)
    other.evaluate(EDITOR)
    other.evaluate(SMALL, ["Animals", STEPS, next(STRENGTHS)])
    first, said = made.evaluate(IMAGE), made.evaluate(SAID)
    run(other)
    second = image(other)
    assert second != first and made.evaluate(IMAGE) == first
    assert "Animals" in other.evaluate(SAID) and made.evaluate(SAID) == said
    other.close()
