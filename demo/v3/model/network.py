"""The model's networks: ComfyUI's own UNet and CLIP text classes at small size."""

from __future__ import annotations

from typing import Any

import comfy.latent_formats
import comfy.sd1_clip
import torch

from ...network import UNET as BEFORE
from ...network import DemoConfig, DemoDiffusion
from .latent import CHANNELS, PATCH
from .text import TEXT, TEXT_WIDTH

UNET: dict[str, Any] = {
    **BEFORE,
    "in_channels": CHANNELS,
    "out_channels": CHANNELS,
    "model_channels": 64,
    "channel_mult": [1, 2, 2],
    "num_res_blocks": [2, 2, 2],
    "transformer_depth": [1, 1, 1, 1, 0, 0],
    "transformer_depth_middle": 1,
    "transformer_depth_output": [1, 1, 1, 1, 1, 1, 0, 0, 0],
    "context_dim": TEXT_WIDTH,
}
"""Cross-attention on maps of 16 x 16 and 8 x 8, two layers down and three up on each, and one on
4 x 4 in the middle: 11 layers x 8 heads."""


class PatchFormat(comfy.latent_formats.LatentFormat):
    """48 channels at a quarter of the picture's size."""

    latent_channels = CHANNELS
    spacial_downscale_ratio = PATCH
    scale_factor = 1.0


class Config(DemoConfig):
    """How ComfyUI is told about the model."""

    latent_format = PatchFormat


class TextEncoder(comfy.sd1_clip.SDClipModel):
    """Two causal layers behind the host's CLIP tokenizer."""

    def __init__(
        self, device: Any = "cpu", dtype: Any = None, model_options: dict[str, Any] | None = None
    ) -> None:
        super().__init__(
            device=device,
            dtype=dtype,
            textmodel_json_config=dict(TEXT),
            return_projected_pooled=False,
            model_options={**(model_options or {}), "model_name": "clip_l"},
        )


class Clip(comfy.sd1_clip.SD1ClipModel):
    """The text model as ``comfy.sd.CLIP`` wants it."""

    def __init__(
        self, device: Any = "cpu", dtype: Any = None, model_options: dict[str, Any] | None = None
    ) -> None:
        super().__init__(
            device=device,
            dtype=dtype,
            model_options=model_options or {},
            clip_name="l",
            clip_model=TextEncoder,
        )


def diffusion_model() -> DemoDiffusion:
    """The diffusion model in float32, its weights not set yet."""
    config = Config(dict(UNET))
    config.set_inference_dtype(torch.float32, None)
    return config.get_model({}, device=torch.device("cpu"))
