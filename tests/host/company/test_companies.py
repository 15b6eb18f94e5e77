"""Each company of `companies`: HRV nodes act beside it, or refuse with a sentence; never silently.

With HRV_WRITE_COMPATIBILITY=1 the run writes what it found into docs/compatibility.md.
"""

from __future__ import annotations

from importlib.metadata import version

import comfyui_version
import pytest
import torch
from companies import CORE, LONGER, PACKS, graph, packs, sampled
from compatibility_page import Found, write_page
from literal_steering import some_rescale, steer
from tiny_models import make_model

from hrv_pack.nodes.maps.capture import HRVCapture

pytestmark = pytest.mark.usefixtures("host", "inference")
REFUSED = {"Conditioning Average, from ours", "Conditioning Zero Out"}
UNREAD = REFUSED | {"Conditioning Set Area"}


@pytest.fixture(scope="module")
def every():
    """All that this run finds, written down at its end where that is asked for."""
    found: list[Found] = []
    yield found
    write_page(found, f"ComfyUI {comfyui_version.__version__}, torch {version('torch')}")


def patched(scene, model, first, last):
    """The model with our nodes before the company's, or behind them."""
    for patch in (*first, *scene.patches, *last):
        model = patch(model)
    return model


def steering(scene, join):
    """Right, or the sentence that refuses it; AssertionError where neither."""
    join(scene)
    ones = torch.ones_like(some_rescale(scene.model))
    try:
        strong = [lambda model: steer(model, scene.base, scene.word)]
        images = [
            sampled(scene, patched(scene, scene.model, *order))
            for order in ((strong, ()), ((), strong))
        ]
    except ValueError as refusal:
        return str(refusal)
    plain = sampled(scene, patched(scene, scene.model, (), ()))
    neutral = [lambda model: steer(model, scene.base, scene.word, ones)]
    assert torch.equal(sampled(scene, patched(scene, scene.model, neutral, ())), plain)
    assert torch.equal(*images)
    assert (images[0] - plain).abs().max() > 1e-3 * plain.abs().max()
    return ""


def capturing(scene, join):
    join(scene)
    plain = sampled(scene, patched(scene, scene.model, (), ()))
    kept = []

    def watched(model):
        model, maps = HRVCapture.execute(model, scene.base).args
        kept.append(maps)
        return model

    try:
        latent = sampled(scene, patched(scene, scene.model, [watched], ()))
        layers = kept[-1].word(latent, scene.word)[1]
    except ValueError as refusal:
        return str(refusal)
    assert torch.equal(latent, plain)
    assert layers and all(bool(layer.maps.isfinite().all()) for layer in layers)
    return ""


def require(found, refused):
    """What is refused says it in a sentence of its own."""
    for verdict in (found.steering, found.capture):
        assert verdict == "" or (verdict[0].isupper() or verdict.startswith("test")), verdict
        assert verdict == "" or verdict.endswith((".", ".)"))
    assert (bool(found.steering), bool(found.capture)) == refused


@pytest.mark.parametrize("structure", ["sd1", pytest.param("sdxl", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CORE)
def test_nodes_of_the_host(models, clip, every, name, structure):
    def scene():
        made = graph(models[structure], clip, structure)
        made.steps = 3 if name in LONGER else 1
        return made

    found = Found(name, structure, steering(scene(), CORE[name]), capturing(scene(), CORE[name]))
    every.append(found)
    require(found, (name in REFUSED, name in UNREAD))


@pytest.fixture(scope="module")
def sd15(host):
    with torch.inference_mode():
        return make_model("sd15")


@pytest.mark.skipif(packs() is None, reason="HRV_PACKS names no folder with packs of others")
@pytest.mark.parametrize("name", PACKS)
def test_packs_of_others(sd15, clip, every, name):
    scene = lambda: graph(sd15, clip, "sd15")  # noqa: E731
    found = Found(name, "sd15", steering(scene(), PACKS[name]), capturing(scene(), PACKS[name]))
    every.append(found)
    require(found, (False, False))


@pytest.mark.skipif(packs() is None, reason="HRV_PACKS names no folder with packs of others")
@pytest.mark.parametrize("name", [name for name in PACKS if "NegPip" not in name])
def test_couples_of_others_are_steered_as_regions_written_out(sd15, clip, name):
    images = []
    for join in (PACKS[name], CORE["prompts by region (rows repeated)"]):
        scene = graph(sd15, clip, "sd15")
        join(scene)
        strong = [lambda model, base=scene.base: steer(model, base, "cat")]
        images.append(sampled(scene, patched(scene, sd15, strong, ())))
    assert (images[0] - images[1]).abs().max() < 1e-4 * images[1].abs().max()
