"""The nodes with transformers: those that act on them, and what the others say."""

from __future__ import annotations

import pytest
import torch
from comfy_api.torch_helpers import set_torch_compile_wrapper
from tiny_transformers import STRUCTURES, conditioning, sample, tagged
from token_clip import Clip

from hrv_pack.hrv.families.registry import text_heads
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.nodes.excite.node import AttendExcite
from hrv_pack.nodes.host.model import model_heads
from hrv_pack.nodes.library.files import HRVLoad
from hrv_pack.nodes.p2p.nodes import HRVP2PEdit
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.simple.node import HRVSteer
from hrv_pack.nodes.steering.nodes import HRVConceptAdjust, HRVConceptStrengthen, HRVOrderedWeaken
from hrv_pack.nodes.steering.word_weight import HRVWordWeight

pytestmark = pytest.mark.usefixtures("host", "inference")


def relevance_for(model):
    heads = text_heads(model.get_model_object("diffusion_model"))
    votes = torch.rand(2, len(heads), generator=torch.Generator().manual_seed(3))
    vectors = votes * len(heads) / votes.sum(dim=1, keepdim=True)
    return HeadRelevance(("Color", "Animals"), (("red",), ("cat",)), heads, vectors)


def image(node, name, positive):
    return sample(node.args[0], name, positive, conditioning(name, 2))


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_steering_node_acts_and_is_neutral_where_it_says_so(make, name):
    model, positive = make(name), tagged(name, 1)
    hrv = relevance_for(model)
    plain = sample(model, name, positive, conditioning(name, 2))
    neutral = [
        HRVWordWeight.execute(model, positive, "w2", 1.0),
        HRVConceptStrengthen.execute(model, hrv, positive, "w2", "Color", 0.0),
        HRVConceptAdjust.execute(model, hrv, positive, "w2", "Color", "Animals", 0.0),
        HRVOrderedWeaken.execute(model, hrv, positive, "Color", "MoRHF", 0, "heads", -2.0),
    ]
    acting = [
        HRVWordWeight.execute(model, positive, "w2", -1.0),
        HRVConceptStrengthen.execute(model, hrv, positive, "w2", "Color", 1.0),
        HRVConceptAdjust.execute(model, hrv, positive, "w2", "Color", "Animals", 1.0),
        HRVOrderedWeaken.execute(model, hrv, positive, "Color", "MoRHF", 50, "percent", -2.0),
    ]
    assert all(torch.equal(image(node, name, positive), plain) for node in neutral)
    images = [plain, *(image(node, name, positive) for node in acting)]
    assert len({each.numpy().tobytes() for each in images}) == len(images)


def test_vectors_of_another_transformer_are_refused(make):
    hrv, positive = relevance_for(make("anima")), tagged("cosmos", 1)
    with pytest.raises(ValueError, match=r"made for Anima .*, but the model is Cosmos-Predict2"):
        HRVConceptStrengthen.execute(make("cosmos"), hrv, positive, "w2", "Color", 1.0)


REFUSED = r"works with SD1.x, SD2.x and SDXL for now, and this model is .* Word Weight, "


@pytest.mark.parametrize("name", STRUCTURES)
def test_what_reads_unets_alone_says_what_works_instead(make, name):
    with pytest.raises(ValueError, match=REFUSED):
        model_heads(make(name))


P2P = ("replace", "", 0.8, {"self_replace": "custom", "share": 0.5}, "Color", 1.0)
LATENT = {"samples": torch.zeros(1, 16, 8, 8)}
ASKED = {
    "p2p": lambda m, clip, a, b: HRVP2PEdit.execute(m, a, b, LATENT, *P2P),
    "excite": lambda m, clip, a, b: AttendExcite.execute(m, a, "red, cat", 1.0),
    "load": lambda m, clip, a, b: HRVLoad.execute("auto", m),
    "steer": lambda m, clip, a, b: HRVSteer.execute(
        m, clip, "a crane", "crane is a bird", "", "", "", 1.0, ""
    ),
}


@pytest.mark.parametrize("asked", ASKED)
def test_nodes_for_unets_refuse_a_transformer_and_its_prompts(make, asked):
    from comfy.text_encoders.z_image import ZImageTokenizer

    clip = Clip(ZImageTokenizer())
    prompts = [HRVPrompt.execute(text, clip).args[0] for text in ("a red cat", "a blue cat")]
    with pytest.raises(ValueError, match=REFUSED):
        ASKED[asked](make("z-image"), clip, *prompts)


def test_a_compiled_transformer_is_refused(make):
    compiled, positive = make("flux").clone(), tagged("flux", 1)
    set_torch_compile_wrapper(compiled, backend="eager")
    steered = HRVWordWeight.execute(compiled, positive, "w2", 2.0)
    with pytest.raises(ValueError, match=r"compiled .* Remove the node"):
        image(steered, "flux", positive)


def test_layers_that_never_run_are_told(make, monkeypatch, caplog):
    model, positive = make("flux"), tagged("flux", 1)
    blocks = model.get_model_object("diffusion_model")
    steered = HRVWordWeight.execute(model, positive, "w2", 2.0)
    for kind in (*blocks.double_blocks, *blocks.single_blocks):
        # as compiled code does: the forward without the module's hooks
        monkeypatch.setattr(kind, "_forward_pre_hooks", _Deaf())
    image(steered, "flux", positive)  # kept: it has cost time
    assert "had no effect" in caplog.text and "torch.compile" in caplog.text


class _Deaf(dict):
    """Hooks that nobody hears of."""

    def __bool__(self):
        return False

    def values(self):
        return ()

    def items(self):
        return ()


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("z-image", {"reference_latents": [torch.zeros(1, 16, 8, 8)]}),
        ("z-image", {"reference_latents_text_embeds": [torch.zeros(1, 3, 16)]}),
        ("wan", {"reference_latents": [torch.zeros(1, 16, 1, 8, 8)]}),
    ],
)
def test_reference_images_of_unknown_place_are_refused(make, name, more):
    positive, negative = tagged(name, 1, **more), conditioning(name, 2, **more)
    steered = HRVWordWeight.execute(make(name), positive, "w2", 2.0).args[0]
    with pytest.raises(ValueError, match="with reference images cannot be steered"):
        sample(steered, name, positive, negative)
