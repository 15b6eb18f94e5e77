"""Models of true size with random weights, for measuring cost where no checkpoint is at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import comfy.model_management
import comfy.model_patcher
import comfy.sd
import comfy.sd1_clip
import comfy.sdxl_clip
import comfy.supported_models
import comfy.supported_models_base
import torch

SD15_UNET: dict[str, Any] = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 320,
    "num_res_blocks": [2, 2, 2, 2],
    "channel_mult": [1, 2, 4, 4],
    "transformer_depth": [1, 1, 1, 1, 1, 1, 0, 0],
    "transformer_depth_output": [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
    "transformer_depth_middle": 1,
    "context_dim": 768,
    "use_spatial_transformer": True,
    "use_linear_in_transformer": False,
    "use_temporal_attention": False,
    "use_checkpoint": False,
    "legacy": False,
    "num_classes": None,
    "adm_in_channels": None,
}

SDXL_UNET: dict[str, Any] = {
    **SD15_UNET,
    "num_res_blocks": [2, 2, 2],
    "channel_mult": [1, 2, 4],
    "transformer_depth": [0, 0, 2, 2, 10, 10],
    "transformer_depth_output": [0, 0, 0, 2, 2, 2, 10, 10, 10],
    "transformer_depth_middle": 10,
    "context_dim": 2048,
    "use_linear_in_transformer": True,
    "num_classes": "sequential",
    "adm_in_channels": 2816,
}
_BLOCK = 2**20


def randomise(module: torch.nn.Module, seed: int) -> None:
    """Seeded weights of unit gain; biases 0, norms 1."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        if parameter.dim() > 1:
            parameter.data.normal_(0.0, parameter[0].numel() ** -0.5, generator=generator)
        else:
            parameter.data.fill_(float(name.endswith("weight")))


def full_size_sd15(seed: int = 0) -> tuple[Any, Any]:
    """(MODEL, CLIP) of SD1.5's size and structure, float32 on a CPU, float16 on a GPU."""
    device = comfy.model_management.get_torch_device()
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    config = comfy.supported_models.SD15(dict(SD15_UNET))
    config.set_inference_dtype(dtype, None)
    encoder = (comfy.sd1_clip.SD1Tokenizer, comfy.sd1_clip.SD1ClipModel)
    return _assemble(config, encoder, randomise, seed)


def full_size_sdxl(seed: int = 0) -> tuple[Any, Any]:
    """(MODEL, CLIP) of SDXL's size and structure: float16 weights, computed in float32 on a CPU."""
    device = comfy.model_management.get_torch_device()
    config = comfy.supported_models.SDXL(dict(SDXL_UNET))
    config.set_inference_dtype(torch.float16, None if device.type == "cuda" else torch.float32)
    encoder = (comfy.sdxl_clip.SDXLTokenizer, comfy.sdxl_clip.SDXLClipModel)
    return _assemble(config, encoder, fill, seed)


def _assemble(
    config: Any,
    encoder: tuple[Any, Any],
    initialise: Callable[[torch.nn.Module, int], None],
    seed: int,
) -> tuple[Any, Any]:
    """The host's patcher and CLIP around a configuration, their weights initialised."""
    model = config.get_model({}, device=torch.device("cpu"))
    initialise(model.diffusion_model, seed)
    patcher = getattr(comfy.model_patcher, "CoreModelPatcher", comfy.model_patcher.ModelPatcher)
    device = comfy.model_management.get_torch_device()
    offload = comfy.model_management.unet_offload_device()
    target = comfy.supported_models_base.ClipTarget(*encoder)
    clip = comfy.sd.CLIP(target, embedding_directory=None)
    initialise(clip.cond_stage_model, seed + 1)
    return patcher(model, load_device=device, offload_device=offload), clip


def fill(module: torch.nn.Module, seed: int) -> None:
    """Weights as of `randomise`, but from one block of normal numbers that repeats: seconds
    instead of minutes for billions of them."""
    generator = torch.Generator().manual_seed(seed)
    block = torch.randn(_BLOCK - 1, generator=generator)
    for name, parameter in module.named_parameters():
        if parameter.dim() < 2:
            parameter.data.fill_(float(name.endswith("weight")))
            continue
        scaled = (block * parameter[0].numel() ** -0.5).to(parameter.dtype)
        for part in parameter.data.view(-1).split(len(scaled)):
            part.copy_(scaled[: len(part)])
