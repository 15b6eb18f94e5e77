"""What does not fit is said in a sentence, at the node that it concerns; its menus then follow."""

import comfy.ldm.modules.diffusionmodules.mmdit as mmdit
import comfy.ops
import pytest
import torch
from safetensors.torch import save_file
from small_relevance import relevance

from hrv_pack.hrv.files.hrv_file import save_relevance

DEMO, FEW, SD3 = "demo.hrv.safetensors", "few.hrv.safetensors", "tiny-sd3.safetensors"
STEERED = "HRVConceptStrengthen"
# A word's steering, of the demo model or another, without what samples.
BUILD = f"""async ([file, hrv, other]) => {{
  await empty();
  const demo = add('HRVDemoModel'), load = add('HRVLoad', {{ file }});
  const prompt = add('HRVPrompt', {{ text: 'a red cat', clip: [demo, 1] }});
  const model = other ? add('UNETLoader', {{ unet_name: other }}) : demo;
  const it = add('{STEERED}', {{ model: [model, 0], conditioning: [prompt, 0], words: 'cat',
                              concept: 'Color' }});
  if (hrv) load.connect(0, it, it.findInputSlot('hrv'));
  add('PreviewAny', {{ source: [it, 0] }}) }}"""


@pytest.fixture(scope="module")
def files(server):
    """Vectors of four heads, and a tiny SD3, in the server's folders."""
    folders = [server.base / "models" / name for name in ("hrv", "diffusion_models")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    save_relevance(folders[0] / FEW, relevance("Dragons"))
    save_file(tiny_sd3(), folders[1] / SD3)


def tiny_sd3():
    """The weights of SD3's diffusion model with one block and one head, as its files name them."""
    context = {"target": "torch.nn.Linear", "params": {"in_features": 16, "out_features": 64}}
    model = mmdit.MMDiT(
        depth=1,
        in_channels=16,
        patch_size=2,
        adm_in_channels=16,
        pos_embed_max_size=8,
        num_patches=64,
        pos_embed_scaling_factor=None,
        context_embedder_config=context,
        operations=comfy.ops.disable_weight_init,
    )
    return {name: torch.zeros_like(value) for name, value in model.state_dict().items()}


def refused(page, *built):
    """Builds and runs; what the page then shows at once, and the node that is marked."""
    page.evaluate("() => app.extensionManager.toast.removeAll?.()")
    page.evaluate(BUILD, list(built))
    page.get_by_test_id("queue-button").click()


def toast(page, text):
    return page.get_by_text(text).first


def test_vectors_of_another_model_name_both_and_the_remedy(files, editor, screenshots, request):
    refused(editor, FEW, True, None)
    said = toast(editor, "This HRV was made for")
    said.wait_for()
    assert (
        "4 heads in 2 layers" in said.inner_text()
        and "In HRV Load choose “demo" in said.inner_text()
    )
    editor.screenshot(path=screenshots / f"another-model-{request.node.callspec.id}.png")


def test_without_vectors_the_node_is_marked_before_anything_runs(editor, screenshots, request):
    refused(editor, DEMO, False, None)
    editor.wait_for_function("Object.keys(app.lastNodeErrors ?? {}).length")
    (marked,) = editor.evaluate("Object.entries(app.lastNodeErrors)")
    key, fault = marked
    assert editor.evaluate("key => app.graph.getNodeById(Number(key)).type", key) == STEERED
    assert [error["extra_info"]["input_name"] for error in fault["errors"]] == ["hrv"]
    editor.screenshot(path=screenshots / f"no-vectors-{request.node.callspec.id}.png")


def test_a_model_that_cannot_be_steered_is_named(files, editor, screenshots, request):
    refused(editor, DEMO, True, SD3)
    said = toast(editor, "cannot be steered by its heads")
    said.wait_for()
    editor.screenshot(path=screenshots / f"sd3-{request.node.callspec.id}.png")


def test_a_word_that_is_not_in_the_prompt_is_said_at_its_field(editor):
    editor.evaluate(BUILD, [DEMO, True, None])
    editor.evaluate(f"type('{STEERED}', 'words', 'mouse')")
    editor.locator(".hrv-missing", has_text="“mouse” is not in the prompt").wait_for()


def test_the_diagnosis_menus_follow_its_file(files, editor):
    editor.evaluate(
        """async few => { await empty();
          add('HRVMisreadingDiagnosis', { hrv: [add('HRVLoad', { file: few }), 0] }) }""",
        FEW,
    )
    for name in ("meant", "instead"):
        follows = f"String(menu('HRVMisreadingDiagnosis', '{name}')) === 'Dragons,Color'"
        editor.wait_for_function(follows)
    chosen = "field('HRVMisreadingDiagnosis', 'meant').value"
    assert editor.evaluate(chosen) != editor.evaluate(chosen.replace("meant", "instead"))
