"""Menus list what auto will choose, by the file of a model that is not loaded yet."""

from __future__ import annotations

import folder_paths
import pytest
import torch
from safetensors.torch import save_file
from small_relevance import relevance

from hrv_pack.hrv.files.checkpoint_heads import checkpoint_heads, heads_of_shapes
from hrv_pack.hrv.files.hrv_file import save_relevance
from hrv_pack.hrv.heads import head_table
from hrv_pack.nodes.library.choices import AUTO
from hrv_pack.nodes.library.demo import HRVDemoModel
from hrv_pack.nodes.library.files import HRVLoad
from hrv_pack.nodes.library.folders import PAPER_CONCEPTS, known_concepts
from hrv_pack.nodes.library.upstream import DEMO_LOADER, concepts_upstream

pytestmark = pytest.mark.usefixtures("host", "inference")
LOADER = "CheckpointLoaderSimple"


def unet(name: str):
    """The host's U-Net of true size and structure, without memory for its weights."""
    import comfy.ops
    import comfy.supported_models
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel

    from hrv_pack.benchmarks.costs import full_size

    config = getattr(full_size, f"{name}_UNET")
    extra = getattr(comfy.supported_models, name).unet_extra_config
    operations = comfy.ops.disable_weight_init
    return UNetModel(**config, **extra, device="meta", operations=operations)


def shapes(name: str) -> dict[str, tuple[int, ...]]:
    weights = unet(name).state_dict()
    return {f"model.diffusion_model.{key}": tuple(each.shape) for key, each in weights.items()}


@pytest.fixture
def checkpoints(tmp_path, monkeypatch):
    """ComfyUI's folder of checkpoints, with an SD1.5 whose weights are of attention alone."""
    there = {key: shape for key, shape in shapes("SD15").items() if "attn2.to_k" in key}
    save_file({key: torch.zeros(shape) for key, shape in there.items()}, tmp_path / "a.safetensors")
    (tmp_path / "damaged.safetensors").write_bytes(b"damaged")
    kinds = {**folder_paths.folder_names_and_paths, "checkpoints": ([str(tmp_path)], set())}
    monkeypatch.setattr(folder_paths, "folder_names_and_paths", kinds)
    return tmp_path


@pytest.mark.parametrize("name", ["SD15", "SDXL"])
def test_heads_by_shapes_are_the_heads_of_the_loaded_model(name):
    assert heads_of_shapes(shapes(name)) == head_table(unet(name))


def test_other_files_have_no_heads(checkpoints):
    assert heads_of_shapes({"double_blocks.0.img_attn.qkv.weight": (9216, 3072)}) is None
    assert checkpoint_heads(checkpoints / "damaged.safetensors") is None
    assert checkpoint_heads(checkpoints / "none.safetensors") is None


def test_a_known_model_lists_what_auto_takes(own_folder, checkpoints):
    assert concepts_upstream(LOADER, "a.safetensors") == PAPER_CONCEPTS
    assert HRVDemoModel.GET_SCHEMA().node_id == DEMO_LOADER
    demo = HRVDemoModel.execute().args[0]
    taken = HRVLoad.execute(AUTO, demo).args[0].concepts
    assert concepts_upstream(DEMO_LOADER, "") == list(taken)
    assert len(taken) < len(PAPER_CONCEPTS)


def test_an_unknown_model_lists_everything(own_folder, checkpoints):
    save_relevance(own_folder / "mine.safetensors", relevance("Dragons"))
    every = known_concepts()
    assert "Dragons" in every
    for name in ("", "none.safetensors", "damaged.safetensors"):
        assert concepts_upstream(LOADER, name) == every
    assert "Dragons" not in concepts_upstream(LOADER, "a.safetensors")  # of other heads
