"""Laws of head names and tables, on the host's own model configurations."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from hrv_pack.hrv.heads import HeadId, HeadTable, cross_attention_layers, head_table

# Diffusers' U-Nets by what the host tells them apart: channels in and wide, text width, size of
# the extra embedding, depth of each transformer by level (0: only residual blocks).
UNETS = {
    "SD1.x": (4, 320, 768, None, [[1, 1], [1, 1], [1, 1], [0, 0]]),
    "SD2.x": (4, 320, 1024, None, [[1, 1], [1, 1], [1, 1], [0, 0]]),
    "SDXL": (4, 320, 2048, 2816, [[0, 0], [2, 2], [10, 10]]),
    "SDXL refiner": (4, 384, 1280, 2560, [[0, 0], [4, 4], [4, 4], [0, 0]]),
    "SSD-1B": (4, 320, 2048, 2816, [[0, 0], [2, 2], [4, 4]]),
    "Segmind Vega": (4, 320, 2048, 2816, [[0, 0], [1, 1], [2, 2]]),
    "KOALA 700M": (4, 320, 2048, 2816, [[0], [2], [5]]),
    "KOALA 1B": (4, 320, 2048, 2816, [[0], [2], [6]]),
}
TOTALS = {
    "SD1.x": (16, 48, 8, 72),
    "SD2.x": (16, 70, 20, 105),
    "SDXL": (70, 440, 200, 660),
    "SDXL refiner": (44, 288, 96, 432),
    "SSD-1B": (34, 200, 0, 400),
    "Segmind Vega": (15, 100, 0, 150),
    "KOALA 700M": (21, 120, 0, 240),
    "KOALA 1B": (30, 140, 120, 280),
}


def _state_dict(family: str) -> dict[str, torch.Tensor]:
    """Just enough of a diffusers checkpoint for the host to recognise it."""
    channels, wide, context, extra, levels = UNETS[family]
    keys = {"conv_in.weight": (wide, channels, 3, 3)}
    if extra is not None:
        keys["add_embedding.linear_1.weight"] = (wide * 4, extra)
    for i, depths in enumerate(levels):
        for j, depth in enumerate(depths):
            keys[f"down_blocks.{i}.resnets.{j}.conv1.weight"] = (1,)
            for t in range(depth):
                block = f"down_blocks.{i}.attentions.{j}.transformer_blocks.{t}"
                keys[f"{block}.attn2.to_k.weight"] = (wide, context)
    return {key: torch.empty(shape, device="meta") for key, shape in keys.items()}


def _config(family: str) -> dict:
    from comfy import model_detection

    config = model_detection.model_config_from_diffusers_unet(_state_dict(family))
    assert config is not None, f"the host does not know {family}"
    return config.unet_config


def _unet(config: dict) -> nn.Module:
    import comfy.ops
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel

    return UNetModel(
        **{**config, "dtype": torch.float32},
        device="meta",
        operations=comfy.ops.disable_weight_init,
    )


@pytest.fixture(scope="module")
def unets(host):
    """Each family's U-Net as the host builds it, without memory for weights."""
    built: dict[str, nn.Module] = {}
    return lambda name: built.setdefault(name, _unet(_config(name)))


@pytest.mark.parametrize("family", UNETS)
def test_every_family_has_its_heads(unets, family):
    table = head_table(unets(family))
    stages = [sum(h.stage == stage for h in table) for stage in ("down", "mid", "up")]
    assert (len(table.layers), *stages) == TOTALS[family]
    assert table.family == family
    assert len(set(table.names)) == len(table) == sum(stages)


@pytest.mark.parametrize("family", UNETS)
def test_layers_stand_in_call_order(unets, family):
    """The host builds modules in call order, so attn2 modules appear in the order of a walk."""
    unet = unets(family)
    walked = [m for name, m in unet.named_modules() if name.endswith("attn2")]
    assert [id(x.attention) for x in cross_attention_layers(unet)] == [id(m) for m in walked]


def test_block_keys_are_those_of_the_host(unets):
    unet = unets("SDXL")
    sections = {"input": unet.input_blocks, "output": unet.output_blocks}
    for layer in cross_attention_layers(unet):
        section, number = layer.block
        block = unet.middle_block if section == "middle" else sections[section][number]
        transformers = [m for m in block if hasattr(m, "transformer_blocks")]
        assert transformers[0].transformer_blocks[layer.block_index].attn2 is layer.attention
        assert layer.attention.heads == layer.heads


@pytest.mark.parametrize(("family", "ending"), [("SD1.x", "sd_v1_4"), ("SDXL", "sd_xl_base_1_0")])
def test_names_equal_the_published_ones_in_order(unets, authors, family, ending):
    (path,) = authors.glob(f"head_index_*_{ending}.npy")
    published = tuple(np.load(path, allow_pickle=False).tolist())
    table = head_table(unets(family))
    assert table.names == published
    assert HeadTable.from_names(published) == table


def test_a_model_without_middle_block_has_no_middle_heads(unets):
    unet = unets("SSD-1B")
    assert {head.stage for head in head_table(unet)} == {"down", "up"}
    without = nn.Module()
    without.input_blocks, without.output_blocks = unet.input_blocks, unet.output_blocks
    assert head_table(without) == head_table(unet)
    without.middle_block = None
    assert head_table(without) == head_table(unet)


@pytest.mark.usefixtures("host")
def test_video_and_foreign_models_are_named():
    config = {
        **_config("SD2.x"),
        "use_temporal_attention": True,
        "use_temporal_resblock": True,
        "video_kernel_size": [3, 1, 1],
        "extra_ff_mix_layer": True,
        "merge_strategy": "learned_with_images",
    }
    with pytest.raises(ValueError, match=r"UNetModel\) cannot be steered"):
        head_table(_unet(config))
    with pytest.raises(ValueError, match=r"Linear\) cannot be steered"):
        head_table(nn.Linear(1, 1))


def test_an_attention_that_reads_the_image_again_is_no_head():
    """The host builds blocks whose second attention reads the image where it has no time axis."""
    attention = nn.Module()
    attention.heads, attention.to_k = 2, nn.Linear(4, 4)
    reading, other = nn.Module(), nn.Module()
    reading.attn2 = other.attn2 = attention
    reading.switch_temporal_ca_to_sa, other.switch_temporal_ca_to_sa = False, True
    layer, unet = nn.Module(), nn.Module()
    layer.transformer_blocks = nn.ModuleList([reading, other])
    unet.input_blocks = nn.ModuleList([nn.ModuleList([layer])])
    assert len(cross_attention_layers(unet)) == 1


TABLE = HeadTable((("down", 0, 2), ("down", 1, 1), ("mid", 0, 3), ("up", 0, 2)))


def test_index_span_and_names_agree():
    for i, head in enumerate(TABLE):
        assert TABLE[i] == head == HeadId.parse(str(head))
        assert TABLE.index(head) == TABLE.index(str(head)) == i
        assert i in range(*TABLE.span(head.stage, head.layer).indices(len(TABLE)))
    assert TABLE.span("mid", 0) == slice(3, 6)
    assert TABLE.names[0] == "down, layer: 0, head: 0"
    assert HeadTable.from_names(TABLE.names) == TABLE


def test_fingerprint_follows_the_names():
    assert TABLE.fingerprint == HeadTable(TABLE.layers).fingerprint
    other = HeadTable((("down", 0, 1), ("down", 1, 2), *TABLE.layers[2:]))
    assert other.fingerprint != TABLE.fingerprint and len(other) == len(TABLE)
    assert hash(TABLE) == hash(HeadTable(TABLE.layers))
    assert TABLE.family == "a model with 8 heads in 4 layers"


@pytest.mark.parametrize(
    "text", ["down layer 0", "left, layer: 0, head: 0", "up, layer: -1, head: 0"]
)
def test_a_wrong_name_is_an_error(text):
    with pytest.raises(ValueError, match="not the name of a head"):
        HeadId.parse(text)


def test_names_out_of_order_are_an_error():
    names = list(TABLE.names)
    names[0], names[1] = names[1], names[0]
    with pytest.raises(ValueError, match="expected 'down, layer: 0, head: 0'"):
        HeadTable.from_names(names)
    for gone in (0, 3, 6):
        with pytest.raises(ValueError, match="Heads out of order"):
            HeadTable.from_names(TABLE.names[:gone] + TABLE.names[gone + 1 :])


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((("up", 0, 1), ("down", 0, 1)), "'down' out of order"),
        ((("down", 1, 1),), "expected down layer 0, found 1"),
        ((("mid", 0, 0),), "expected 1 or more"),
    ],
)
def test_a_wrong_table_is_an_error(layers, message):
    with pytest.raises(ValueError, match=message):
        HeadTable(layers)


def test_a_missing_head_names_the_model():
    with pytest.raises(ValueError, match="8 heads in 4 layers has no head"):
        TABLE.index(HeadId("up", 1, 0))
    with pytest.raises(ValueError, match="no layer 7 in 'up'"):
        TABLE.span("up", 7)


def test_tables_are_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TABLE.layers = ()
