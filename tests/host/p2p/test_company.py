"""P2P-HRV Edit together with other nodes: steering, capture, LoRA and ControlNet."""

from __future__ import annotations

import pytest
import torch
from literal_p2p import (
    SOURCE,
    TARGET,
    Tap,
    assert_close,
    attention_map,
    check_every_layer,
    edit,
    latents,
    merge,
    one_to_one,
    ones,
    prompt,
    relevance,
    sample,
)
from tiny_models import make_controlnet

import nodes as host_nodes
from hrv_pack.nodes.maps.capture import HRVCapture
from hrv_pack.nodes.p2p.nodes import HRVP2PSplit
from hrv_pack.nodes.steering.nodes import HRVConceptStrengthen

STRUCTURES = ["sd1", "sdxl"]
each_structure = pytest.mark.parametrize("structure", STRUCTURES)
pytestmark = pytest.mark.usefixtures("host", "inference")


def test_strengthening_another_word_of_the_target_composes(models, clip):
    model, target = models["sd1"], prompt(clip, TARGET)
    hrv = relevance(model)
    made = edit(model, prompt(clip, SOURCE), target, latents())
    stronger = HRVConceptStrengthen.execute(made[0], hrv, target, "cat", "Animals", 1.0).args[0]
    row = hrv.row("Animals").double()
    with Tap(model) as tap:
        sample(stronger, made[1], prompt(clip, "bad"), made[2])
    for layer in tap.layers:
        r = row[hrv.heads.span(layer.stage, layer.layer)]
        q, k, v, out = next(iter(tap.calls("cross", layer)))
        maps = attention_map(q[2], k[2])
        assert_close(out[2], merge(maps, v[2]))
        maps[:, :, 3] *= r[:, None]
        assert_close(out[3], merge(maps, v[3]))


@pytest.mark.parametrize("member", [0, 1])
def test_capture_reads_the_prompts_own_images_and_changes_nothing(models, clip, member):
    model, negative = models["sd1"], prompt(clip, "bad")
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    made = edit(model, *pair, latents(2))
    watched, maps = HRVCapture.execute(made[0], pair[member]).args
    found = sample(watched, made[1], negative, made[2])
    assert torch.equal(found, sample(*made[:2], negative, made[2]))
    with Tap(model) as tap:
        sample(*made[:2], negative, made[2])
    layer, rows = tap.layers[0], [4 + member, 6 + member]
    colour = torch.stack(
        [attention_map(q, k)[rows, :, :, 2] for q, k, *_ in tap.calls("cross", layer)]
    ).mean(dim=0)
    halves = HRVP2PSplit.execute(samples={"samples": found}).args[2:]
    _, words = maps.word(halves[member]["samples"], ("red", "blue")[member])
    kept = next(w for w in words if (w.stage, w.layer) == (layer.stage, layer.layer))
    assert torch.allclose(kept.maps[:, :, 0].double().flatten(2), colour, atol=1e-5)
    for other in (found, halves[1 - member]["samples"]):
        with pytest.raises(ValueError, match="P2P Split"):
            maps.of(other)


@each_structure
def test_a_lora_is_edited_exactly_and_leaves_no_trace(models, clip, structure):
    model, negative = models[structure], prompt(clip, "bad")
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    weights = {k: v.clone() for k, v in model.model.diffusion_model.state_dict().items()}
    name = "middle_block.1.transformer_blocks.0.attn2.to_k.weight"
    lora = model.clone()
    noise = torch.randn(weights[name].shape, generator=torch.Generator().manual_seed(2))
    assert lora.add_patches({f"diffusion_model.{name}": ("diff", (noise * 0.2,))})
    made = edit(lora, *pair, latents(2))
    with Tap(lora) as tap:
        found = sample(*made[:2], negative, made[2])
    check_every_layer(tap, [(4, 5), (6, 7)], one_to_one(), (), ones)
    alone = sample(lora, pair[0], negative, made[2])
    assert torch.equal(found[0::2], alone[0::2])
    assert not torch.equal(alone, sample(model, pair[0], negative, made[2]))  # gone again
    after = model.model.diffusion_model.state_dict()
    assert all(torch.equal(weight, after[key]) for key, weight in weights.items())


@each_structure
def test_a_controlnet_behind_the_node_steers_both_images(models, clip, structure):
    model, negative = models[structure], prompt(clip, "bad")
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    net = make_controlnet(structure)
    lines = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(5))

    def controlled(positive):
        apply = host_nodes.ControlNetApplyAdvanced().apply_controlnet
        return apply(positive, negative, net, lines, 1.0, 0.0, 1.0)

    made = edit(model, *pair, latents(2))
    with Tap(model) as tap:
        found = sample(made[0], *controlled(made[1]), made[2])
    check_every_layer(tap, [(4, 5), (6, 7)], one_to_one(), (), ones)
    alone = sample(model, *controlled(pair[0]), made[2])
    assert torch.equal(found[0::2], alone[0::2])
    without = sample(*made[:2], negative, made[2])
    for member in (0, 1):  # the source, and the edited image
        changed = (found[member::2] - without[member::2]).norm()
        assert changed > 1e-2 * without[member::2].norm()
