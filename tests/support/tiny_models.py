"""Real host classes at small size, with seeded random weights: SD1.x, SD2.x and SDXL structure."""

from __future__ import annotations

from typing import Any

import comfy.cldm.cldm
import comfy.controlnet
import comfy.model_management
import comfy.model_patcher
import comfy.sd
import comfy.sd1_clip
import comfy.supported_models
import comfy.supported_models_base
import torch

CONTEXT = 32
_CLIP = {
    "hidden_act": "quick_gelu",
    "hidden_size": CONTEXT,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "max_position_embeddings": 77,
    "vocab_size": 49408,
    "eos_token_id": 49407,
    "layer_norm_eps": 1e-5,
    "projection_dim": CONTEXT,
}
_UNET: dict[str, Any] = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 32,
    "context_dim": CONTEXT,
    "use_spatial_transformer": True,
    "legacy": False,
    "use_checkpoint": False,
    "use_temporal_attention": False,
    "use_temporal_resblock": False,
    "num_classes": None,
    "adm_in_channels": None,
    "use_linear_in_transformer": False,
}
# Cross-attention in down, mid and up blocks, with two depths as on SDXL in the second.
SD1 = {
    **_UNET,
    "channel_mult": [1, 2],
    "num_res_blocks": [1, 1],
    "transformer_depth": [1, 1],
    "transformer_depth_output": [1, 1, 1, 1],
    "transformer_depth_middle": 1,
}
# Blocks where SD1.5 has them, which some packs name by number.
SD15 = {
    **_UNET,
    "channel_mult": [1, 2, 4, 4],
    "num_res_blocks": [2, 2, 2, 2],
    "transformer_depth": [1, 1, 1, 1, 1, 1, 0, 0],
    "transformer_depth_output": [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
    "transformer_depth_middle": 1,
}
SDXL = {
    **_UNET,
    "channel_mult": [1, 2],
    "num_res_blocks": [1, 1],
    "transformer_depth": [0, 2],
    "transformer_depth_output": [0, 0, 2, 2],
    "transformer_depth_middle": 3,
    "use_linear_in_transformer": True,
    "num_classes": "sequential",
    "adm_in_channels": CONTEXT + 1536,
}


class _SmallSD1(comfy.supported_models.SD15):
    unet_extra_config = {"num_heads": 4, "num_head_channels": -1}  # noqa: RUF012


class _SmallSD2(comfy.supported_models.SD20):
    unet_extra_config = {"num_heads": -1, "num_head_channels": 8}  # noqa: RUF012


class _SmallSDXL(comfy.supported_models.SDXL):
    unet_extra_config = {"num_heads": -1, "num_head_channels": 8}  # noqa: RUF012


class _TextEncoder(comfy.sd1_clip.SDClipModel):
    def __init__(self, device: str = "cpu", dtype: Any = None, model_options: Any = None) -> None:
        super().__init__(
            device=device,
            dtype=dtype,
            textmodel_json_config=dict(_CLIP),
            return_projected_pooled=False,
            model_options={**(model_options or {}), "model_name": "clip_l"},
        )


class _TinyClipModel(comfy.sd1_clip.SD1ClipModel):
    def __init__(self, device: str = "cpu", dtype: Any = None, model_options: Any = None) -> None:
        super().__init__(
            device=device,
            dtype=dtype,
            model_options=model_options or {},
            clip_name="l",
            clip_model=_TextEncoder,
        )


def randomise(module: torch.nn.Module, seed: int) -> None:
    """Seeded weights of unit gain; biases 0, norms 1."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        if parameter.dim() > 1:
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.data.copy_(noise / parameter[0].numel() ** 0.5)
        else:
            parameter.data.fill_(1.0 if name.endswith("weight") else 0.0)


def make_model(structure: str = "sd1", seed: int = 0) -> Any:
    """A ModelPatcher of the given structure: sd1, sd15, sd2 or sdxl."""
    kind, unet = {
        "sd1": (_SmallSD1, SD1),
        "sd15": (_SmallSD1, SD15),
        "sd2": (_SmallSD2, {**SD1, "use_linear_in_transformer": True}),
        "sdxl": (_SmallSDXL, SDXL),
    }[structure]
    config = kind(dict(unet))
    config.set_inference_dtype(torch.float32, None)
    model = config.get_model({}, device=torch.device("cpu"))
    randomise(model.diffusion_model, seed)
    patcher = getattr(comfy.model_patcher, "CoreModelPatcher", comfy.model_patcher.ModelPatcher)
    return patcher(
        model,
        load_device=comfy.model_management.get_torch_device(),
        offload_device=comfy.model_management.unet_offload_device(),
    )


def make_clip(seed: int = 1) -> Any:
    """A CLIP with the host's own tokenizer and a two-layer text encoder."""
    target = comfy.supported_models_base.ClipTarget(comfy.sd1_clip.SD1Tokenizer, _TinyClipModel)
    clip = comfy.sd.CLIP(target, embedding_directory=None)
    randomise(clip.cond_stage_model, seed)
    return clip


def make_controlnet(structure: str = "sd1", seed: int = 5) -> Any:
    """A ControlNet for `make_model`, whose hints are eight times the latent's size."""
    unet, heads = {
        "sd1": (SD1, _SmallSD1.unet_extra_config),
        "sdxl": (SDXL, _SmallSDXL.unet_extra_config),
    }[structure]
    left_out = ("out_channels", "use_temporal_resblock")
    options = {k: v for k, v in unet.items() if k not in left_out}
    network = comfy.cldm.cldm.ControlNet(**options, **heads, hint_channels=3)
    randomise(network, seed)
    device = comfy.model_management.get_torch_device()
    return comfy.controlnet.ControlNet(network, load_device=device)
