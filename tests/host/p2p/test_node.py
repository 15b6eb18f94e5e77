"""P2P-HRV Edit as a node: local blend, errors, the model left alone; and P2P Split."""

from __future__ import annotations

import pytest
import torch
from comfy_execution.graph_utils import ExecutionBlocker
from literal_p2p import SOURCE, TARGET, edit, latents, prompt, relevance, sample, share

from hrv_pack.nodes.p2p.nodes import HRVP2PSplit
from hrv_pack.nodes.p2p.pairs import pair_latent

STRUCTURES = ["sd1"]
pytestmark = pytest.mark.usefixtures("host", "inference")


def test_local_blend_keeps_the_source_elsewhere(models, clip):
    model, negative = models["sd1"], prompt(clip, "bad")
    inputs = {"local_blend": True, "blend_words": "cat", "self_replace": share(0.0)}
    made = edit(
        model,
        prompt(clip, SOURCE),
        prompt(clip, TARGET),
        latents(1, 16, 16),
        **inputs,
        blend_threshold=0.93,
    )
    found = sample(made[0], made[1], negative, made[2])
    same = (found[0] == found[1]).all(dim=0)
    assert 0 < int(same.sum()) < same.numel()


def test_blending_everywhere_or_nowhere(models, clip):
    model, negative = models["sd1"], prompt(clip, "bad")
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    made = edit(model, *pair, latents())
    without = sample(*made[:2], negative, made[2])
    for threshold, expected in ((0.0, without[1]), (1.0, without[0])):
        made = edit(model, *pair, latents(), local_blend=True, blend_threshold=threshold)
        found = sample(*made[:2], negative, made[2])
        assert torch.equal(found[0], without[0])
        assert torch.allclose(found[1], expected, atol=1e-5)


def test_errors_in_words(models, clip):
    model, source, target = models["sd1"], prompt(clip, SOURCE), prompt(clip, TARGET)
    with pytest.raises(ValueError, match="same words"):
        edit(model, source, prompt(clip, SOURCE), latents())
    with pytest.raises(ValueError, match=r"'green' is not in the prompt.*blue"):
        edit(model, source, target, latents(), words="green", hrv=relevance(model))
    with pytest.raises(ValueError, match=r"6 words.*7.*refine"):
        edit(model, source, prompt(clip, TARGET + " outside"), latents())
    with pytest.raises(ValueError, match="type the word"):
        edit(model, source, target, latents(), mode="reweight")
    made = edit(model, source, target, latents(2))
    for unpaired in (latents(3), latents(4)):
        with pytest.raises(ValueError, match="not paired"):
            sample(*made[:2], prompt(clip, "bad"), unpaired)
    with pytest.raises(ValueError, match="does not use it"):
        sample(made[0], target, prompt(clip, "bad"), made[2])


def test_the_model_is_left_as_it_was(models, clip):
    model, source, negative = models["sd1"], prompt(clip, SOURCE), prompt(clip, "bad")
    before = sample(model, source, negative, latents())
    made = edit(model, source, prompt(clip, TARGET), latents(), local_blend=True)
    sample(*made[:2], negative, made[2])
    assert torch.equal(sample(model, source, negative, latents()), before)
    unet = model.get_model_object("diffusion_model")
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in unet.modules())


def test_split_parts_pairs_in_order():
    images = torch.arange(6.0).reshape(6, 1, 1, 1).expand(6, 2, 2, 3)
    source, changed = HRVP2PSplit.execute(images=images).args[:2]
    assert source[:, 0, 0, 0].tolist() == [0, 2, 4]
    assert changed[:, 0, 0, 0].tolist() == [1, 3, 5]


def test_split_undoes_the_pairing_of_latents():
    latent = {
        "samples": torch.randn(3, 4, 6, 10),
        "noise_mask": torch.rand(3, 48, 80),
        "batch_index": [7, 0, 4],
        "downscale_ratio_spacial": 8,
    }
    for half in HRVP2PSplit.execute(samples=pair_latent(latent)).args[2:]:
        assert half.keys() == latent.keys()
        assert torch.equal(half["samples"], latent["samples"])
        assert torch.equal(half["noise_mask"], latent["noise_mask"])
        assert half["batch_index"] == [7, 0, 4]
        assert half["downscale_ratio_spacial"] == 8


def test_split_keeps_a_mask_that_all_images_share():
    latent = {"samples": torch.randn(2, 4, 8, 8), "noise_mask": torch.rand(1, 64, 64)}
    for half in HRVP2PSplit.execute(samples=pair_latent(latent)).args[2:]:
        assert half["noise_mask"] is latent["noise_mask"]
        assert half["batch_index"] == [0, 1]


def test_split_parts_what_is_connected_and_says_what_is_not():
    images, paired = torch.zeros(4, 2, 2, 3), {"samples": torch.zeros(4, 4, 8, 8)}
    assert len(HRVP2PSplit.execute(images, paired).args) == 4
    for connected, missing in (({"images": images}, (2, 3)), ({"samples": paired}, (0, 1))):
        given = HRVP2PSplit.execute(**connected).args
        blocked = {n for n, part in enumerate(given) if isinstance(part, ExecutionBlocker)}
        assert blocked == set(missing)
        assert "connected" in given[missing[0]].message
    with pytest.raises(ValueError, match="found 5"):
        HRVP2PSplit.execute(images=torch.zeros(5, 2, 2, 3))
    with pytest.raises(ValueError, match="nothing to separate"):
        HRVP2PSplit.execute()
