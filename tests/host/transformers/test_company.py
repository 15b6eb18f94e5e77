"""Steering of transformers beside the host's other nodes."""

from __future__ import annotations

import comfy.ops
import pytest
import torch
from comfy.ldm.flux.model import Flux
from comfy_extras import nodes_flux
from comfy_extras.nodes_easycache import EasyCacheNode
from comfy_extras.nodes_model_patch import UsoStyleProjectorPatch
from tiny_transformers import STRUCTURES, conditioning, predictions, sample, tagged

import nodes as host_nodes
from hrv_pack.nodes.host.model import steered_heads
from hrv_pack.nodes.steering.word_weight import HRVWordWeight

pytestmark = pytest.mark.usefixtures("host", "inference")
REFERENCE = torch.randn(1, 8, 6, 10, generator=torch.Generator().manual_seed(4))


def weighted(model, positive, weight=2.0, **when):
    return HRVWordWeight.execute(model, positive, "w2", weight, **when).args[0]


def zeroed(given):
    return host_nodes.ConditioningZeroOut().zero_out(given)[0]


@pytest.mark.parametrize("name", ["flux", "z-image", "wan"])
def test_a_prompt_zeroed_out_is_not_steered(make, name):
    model, positive = make(name), tagged(name, 1)
    plain = predictions(model, name, positive, zeroed(positive))
    found = predictions(weighted(model, positive), name, positive, zeroed(positive))
    changed = [not torch.equal(a, b) for a, b in zip(found[0], plain[0], strict=True)]
    assert changed == [False, True]  # the negative, then the positive
    with pytest.raises(ValueError, match="this sampler does not use it"):
        sample(weighted(model, positive), name, conditioning(name, 1), zeroed(positive))


class Style(UsoStyleProjectorPatch):
    """The host's patch of a style's image, of which the rows are given."""

    def __init__(self):
        super().__init__(self, torch.zeros(2, 4, 64))

    def model(self, rows):
        return rows

    def models(self):
        return []


def test_rows_of_a_style_before_the_prompts_are_refused(make):
    model, positive, negative = make("flux").clone(), tagged("flux", 1), conditioning("flux", 2)
    model.set_model_post_input_patch(Style())
    plain = sample(model, "flux", positive, negative)
    with pytest.raises(ValueError, match=r"USO Style Reference .* Remove that node"):
        sample(weighted(model, positive), "flux", positive, negative)
    assert torch.equal(sample(model, "flux", positive, negative), plain)


@pytest.fixture
def kv_cache():
    """The host's node Flux KV Cache."""
    if not hasattr(nodes_flux, "FluxKVCache"):
        pytest.skip("this ComfyUI has no Flux KV Cache")
    return nodes_flux.FluxKVCache


def test_cached_reference_images_are_refused(make, kv_cache):
    more = {"reference_latents": [REFERENCE], "guidance": None}
    positive, negative = tagged("flux2", 1, **more), conditioning("flux2", 2, **more)
    cached = kv_cache.execute(make("flux2")).args[0]
    with pytest.raises(ValueError, match=r"Flux KV Cache do.* Remove that node"):
        sample(weighted(cached, positive), "flux2", positive, negative, steps=2)


def test_a_patch_that_moves_no_rows_stays(make, kv_cache):
    positive, negative = tagged("flux", 1), conditioning("flux", 2)
    cached = kv_cache.execute(make("flux")).args[0]
    found, wanted = (
        sample(weighted(each, positive), "flux", positive, negative, steps=2)
        for each in (cached, make("flux"))
    )
    assert torch.equal(found, wanted)


def test_steps_that_a_cache_skips_cost_no_image(make, caplog):
    cached = EasyCacheNode.execute(make("flux"), 1e9, 0.0, 1.0, False).args[0]
    positive, negative = tagged("flux", 1), conditioning("flux", 2)
    late = weighted(cached, positive, start_percent=0.7)
    plain = sample(cached, "flux", positive, negative, steps=6)
    assert torch.equal(sample(late, "flux", positive, negative, steps=6), plain)
    assert "had no effect" in caplog.text and "EasyCache" in caplog.text


@pytest.mark.parametrize("others", [{}, {"yak_mlp": True, "txt_norm": True}])
def test_models_of_fluxs_class_with_another_encoder_are_named(make, others):
    options = {**STRUCTURES["flux"].options, "vec_in_dim": None, **others}
    options.pop("image_model")
    model = make("flux").clone()
    network = Flux(**options, operations=comfy.ops.manual_cast)
    model.add_object_patch("diffusion_model", network)
    with pytest.raises(ValueError, match="LongCat-Image or Ovis-Image"):
        steered_heads(model)
