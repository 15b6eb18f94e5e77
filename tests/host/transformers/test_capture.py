"""Laws of captured maps on transformers: what they are, and that the image stays as it is."""

from __future__ import annotations

import comfy.ldm.flux.math
import pytest
import torch
from comfy.ldm.modules.attention import attention_pytorch
from literal_joint import OVERRIDE, recorded
from tiny_transformers import JOINT, STRUCTURES, TOKENS, conditioning, sample, tagged

from hrv_pack.hrv.families.registry import text_heads
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.nodes.maps import capture_hook
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.maps.diagnosis import HRVMisreadingDiagnosis
from hrv_pack.nodes.maps.images import image_of
from hrv_pack.nodes.maps.selective import HRVSelectiveAttentionMap
from hrv_pack.nodes.steering.word_weight import HRVWordWeight

pytestmark = pytest.mark.usefixtures("host", "inference")
ALL = list(range(TOKENS))


def heads_of(model):
    return text_heads(model.get_model_object("diffusion_model"))


def captured(model, name, steps=1, batch=1, **more):
    """The image's maps of w0 ... w6 by HRV Capture, layer by layer, and the latent."""
    positive, negative = tagged(name, 1, **more), conditioning(name, 2, **more)
    watched, maps = HRVCapture.execute(model, positive).args
    latent = sample(watched, name, positive, negative, steps, batch)
    return [layer.maps for layer in maps.of(latent).means(ALL)], latent, maps


def literal(model, name, steps=1, batch=1, **more):
    """The same by maps written out in float64, without HRV Capture."""
    seen = []
    positive, negative = tagged(name, 1, **more), conditioning(name, 2, **more)
    with recorded(model, name, seen, batch) as watched:
        latent = sample(watched, name, positive, negative, steps, batch)
    layers = len(heads_of(model).layers)
    return [torch.stack(seen[n::layers]).mean(dim=0) for n in range(layers)], latent


def require_alike(found, wanted):
    """Maps (I * frames, h, n, height, width) that are those of the rows (I, h, N, n)."""
    assert len(found) == len(wanted)
    for maps, rows in zip(found, wanted, strict=True):
        frames, (height, width) = len(maps) // len(rows), maps.shape[-2:]
        pixels = rows[:, :, : frames * height * width].transpose(-1, -2)
        own = pixels.unflatten(-1, (frames, height, width)).movedim(3, 1).flatten(0, 1)
        assert float((maps.double() - own).norm() / own.norm()) < 1e-6


@pytest.mark.parametrize("name", STRUCTURES)
def test_maps_are_the_softmaxs_own_and_the_image_stays(make, name):
    model = make(name)
    found, latent, _ = captured(model, name)
    wanted, plain = literal(model, name)
    require_alike(found, wanted)
    assert torch.equal(latent, plain)
    height, width = STRUCTURES[name].latent[-2:]
    patch = {"flux2": 1}.get(name, 2)
    assert found[0].shape[-2:] == (height // patch, width // patch)


@pytest.mark.parametrize("name", ["flux", "z-image", "wan", "cosmos"])
def test_every_image_of_a_batch_has_its_own(make, name):
    found, latent, _ = captured(make(name), name, batch=2)
    wanted, plain = literal(make(name), name, batch=2)
    require_alike(found, wanted)
    assert torch.equal(latent, plain)
    assert not torch.equal(*found[-1].chunk(2))


@pytest.mark.parametrize(("name", "channels"), [("flux", 4), ("qwen-image", 16), ("krea2", 16)])
def test_reference_images_are_read_but_have_no_map(make, name, channels):
    shape = (1, channels, 1, 6, 10) if name == "qwen-image" else (1, channels, 6, 10)
    reference = torch.randn(shape, generator=torch.Generator().manual_seed(4))
    found, _, _ = captured(make(name), name, reference_latents=[reference])
    wanted, _ = literal(make(name), name, reference_latents=[reference])
    require_alike(found, wanted)
    assert found[0].shape[-2:] == (4, 4)


def test_masks_are_part_of_the_softmax(make):
    mask = torch.tensor([[0.0, 0, 1, 1, 1, 1, 1]])
    found, _, _ = captured(make("qwen-image"), "qwen-image", attention_mask=mask)
    require_alike(found, literal(make("qwen-image"), "qwen-image", attention_mask=mask)[0])
    assert not torch.allclose(found[0], captured(make("qwen-image"), "qwen-image")[0][0])


@pytest.fixture
def fused(monkeypatch):
    """The attention that the host takes on GPUs; the rows of each of its calls."""
    rows = []

    def attention(q, *args, **more):
        rows.append(q.shape[2])
        return attention_pytorch(q, *args, **more)

    monkeypatch.setattr(comfy.ldm.flux.math, "optimized_attention", attention)
    return rows


@pytest.mark.parametrize("weight", [1.0, -2.0])
def test_fused_attention_tells_its_sums_so_that_it_is_not_asked_again(make, fused, weight):
    model, positive = make("flux"), tagged("flux", 1)
    weighted = HRVWordWeight.execute(model, positive, "w2", weight).args[0]
    plain = sample(weighted, "flux", positive, conditioning("flux", 2))
    asked = list(fused)
    fused.clear()
    found, latent, _ = captured(weighted, "flux")
    assert torch.equal(latent, plain) and fused == asked
    # the maps of the first layer are those before the weight; what follows has other inputs
    wanted, _ = literal(model, "flux")
    require_alike(found if weight == 1.0 else found[:1], wanted if weight == 1.0 else wanted[:1])


def test_sums_of_another_softmax_are_not_believed(make, monkeypatch):
    """As where a kernel counts in powers of two: the maps are asked for instead."""
    fits = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default

    def other(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.scaled_dot_product_attention.default:
            with self:
                return func.decompose(*args, **(kwargs or {}))
        result = func(*args, **(kwargs or {}))
        if func is fits:
            self.heard.append(result[1] * 1.4427)
        return result

    monkeypatch.setattr("hrv_pack.nodes.host.transformer.maps.Listening.__torch_dispatch__", other)
    monkeypatch.setattr(comfy.ldm.flux.math, "optimized_attention", attention_pytorch)
    found, _, _ = captured(make("flux"), "flux")
    require_alike(found, literal(make("flux"), "flux")[0])


@pytest.mark.parametrize("name", JOINT)
def test_another_packs_attention_makes_the_maps_too(make, name):
    model, rows = make(name).clone(), []
    plain = sample(model, name, tagged(name, 1), conditioning(name, 2), 1)

    def watched(function, q, k, v, heads, *args, **more):
        rows.append((q.shape[2], k.shape[2]))
        return function(q, k, v, heads, *args, **more)

    model.model_options["transformer_options"][OVERRIDE] = watched
    found, latent, _ = captured(model, name, steps=1)
    require_alike(found, literal(make(name), name, steps=1)[0])
    assert torch.equal(latent, plain)
    text = STRUCTURES[name].text
    length = rows[-1][1]
    assert rows.count((length - text, length)) == len(heads_of(model).layers)
    assert rows.count((length, length)) >= len(heads_of(model).layers)


def test_large_maps_are_kept_smaller_and_it_is_said(make, monkeypatch, caplog):
    whole, _, maps = captured(make("flux"), "flux")
    values = maps._kept[0][1].nbytes // 4
    monkeypatch.setattr(capture_hook, "MOST_VALUES", values - 1)
    with caplog.at_level("INFO"):
        found, _, maps = captured(make("flux"), "flux")
    assert maps._kept[0][1].nbytes == values and "1/2 of their width" in caplog.text
    for small, large in zip(found, whole, strict=True):
        means = large.unflatten(-1, (-1, 2)).unflatten(-3, (-1, 2)).mean(dim=(-1, -3))
        torch.testing.assert_close(small, means)


SHOWN = ("Color", "all", 25.0, "percent", "relative to the maximum", 0.4)


def test_a_video_has_a_map_for_each_frame_of_its_latent(make):
    found, latent, maps = captured(make("wan"), "wan")
    assert found[0].shape == (2, 4, TOKENS, 4, 4) and latent.shape[2] == 2
    video = torch.rand(5, 64, 64, 3)  # the decoder makes four frames of each but the first
    overlay, heat, mask, _ = HRVSelectiveAttentionMap.execute(
        maps, {"samples": latent}, "w2", *SHOWN, image=video
    ).args
    assert len(overlay) == len(heat) == len(mask) == 2 and not torch.equal(*heat)
    assert torch.equal(image_of(video, latent, maps.of(latent)), video[[0, 4]])
    assert len(image_of(None, latent, maps.of(latent))) == 2
    with pytest.raises(ValueError, match=r"holds 1 images, but 1 were sampled of 2 latent frames"):
        image_of(video[:1], latent, maps.of(latent))


def some_relevance(heads):
    votes = torch.rand(2, len(heads), generator=torch.Generator().manual_seed(3))
    vectors = votes * len(heads) / votes.sum(dim=1, keepdim=True)
    return HeadRelevance(("Color", "Animals"), (("red",), ("cat",)), heads, vectors)


@pytest.mark.parametrize("name", ["flux", "anima"])
def test_the_nodes_that_show_maps_show_a_transformers(make, name):
    _, latent, maps = captured(make(name), name)
    hrv, samples = some_relevance(heads_of(make(name))), {"samples": latent}
    most, every, daam = (
        HRVSelectiveAttentionMap.execute(
            maps, samples, "w2", "Color", way, *SHOWN[2:], hrv=hrv
        ).args[1]
        for way in ("most relevant", "all", "DAAM")
    )
    assert not torch.equal(most, every)
    assert torch.allclose(daam, every, atol=0.05)  # of all heads too, but for what it clamps
    panel = HRVMisreadingDiagnosis.execute(
        maps, samples, "w2", hrv, "Color", "Animals", *SHOWN[2:], "dark"
    ).args[0]
    assert panel.ndim == 4
