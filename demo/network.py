"""The demo model's networks: ComfyUI's own UNet and CLIP text classes at small size."""

from __future__ import annotations

from typing import Any

import comfy.latent_formats
import comfy.model_base
import comfy.model_sampling
import comfy.sd1_clip
import comfy.supported_models_base
import torch

from .latent import CHANNELS, PATCH

TEXT_WIDTH = 96
UNET: dict[str, Any] = {
    "image_size": 32,
    "in_channels": CHANNELS,
    "out_channels": CHANNELS,
    "model_channels": 128,
    "channel_mult": [1, 1],
    "num_res_blocks": [2, 2],
    "transformer_depth": [1, 1, 1, 1],
    "transformer_depth_middle": 1,
    "transformer_depth_output": [1, 1, 1, 1, 1, 1],
    "context_dim": TEXT_WIDTH,
    "use_spatial_transformer": True,
    "use_linear_in_transformer": False,
    "legacy": False,
    "use_checkpoint": False,
    "use_temporal_attention": False,
    "use_temporal_resblock": False,
    "adm_in_channels": None,
    "num_classes": None,
}
TEXT: dict[str, Any] = {
    "hidden_act": "quick_gelu",
    "hidden_size": TEXT_WIDTH,
    "intermediate_size": 4 * TEXT_WIDTH,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "max_position_embeddings": 77,
    "vocab_size": 49408,
    "eos_token_id": 49407,
    "layer_norm_eps": 1e-5,
    "projection_dim": TEXT_WIDTH,
}


class DemoLatent(comfy.latent_formats.LatentFormat):
    """48 channels at an eighth of the picture's size."""

    latent_channels = CHANNELS
    spacial_downscale_ratio = PATCH
    scale_factor = 1.0


class CleanPictureSampling(comfy.model_sampling.ModelSamplingDiscrete, comfy.model_sampling.X0):
    """Stable Diffusion's noise schedule for a network that predicts the clean latent."""


class DemoDiffusion(comfy.model_base.BaseModel):
    """The host's diffusion model with clean-latent prediction."""

    def __init__(self, model_config: Any, device: torch.device | None = None) -> None:
        super().__init__(model_config, device=device)
        self.model_sampling = CleanPictureSampling(model_config)


class DemoConfig(comfy.supported_models_base.BASE):
    """How ComfyUI is told about the model."""

    unet_config: dict[str, Any] = {}
    unet_extra_config = {"num_heads": 8, "num_head_channels": -1}
    # Latents vary by 6.2 in their first channel: more noise than Stable Diffusion's 14.6 at the
    # end, so that a picture's background cannot be guessed from its noisiest version.
    sampling_settings = {"linear_end": 0.02}
    latent_format = DemoLatent
    memory_usage_factor = 1.0

    def inpaint_model(self) -> bool:
        """More than four latent channels do not make this an inpainting model."""
        return False

    def get_model(
        self, state_dict: dict[str, Any], prefix: str = "", device: torch.device | None = None
    ) -> DemoDiffusion:
        return DemoDiffusion(self, device=device)


class DemoTextEncoder(comfy.sd1_clip.SDClipModel):
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


class DemoCLIP(comfy.sd1_clip.SD1ClipModel):
    """The text model as ``comfy.sd.CLIP`` wants it."""

    def __init__(
        self, device: Any = "cpu", dtype: Any = None, model_options: dict[str, Any] | None = None
    ) -> None:
        super().__init__(
            device=device,
            dtype=dtype,
            model_options=model_options or {},
            clip_name="l",
            clip_model=DemoTextEncoder,
        )


def diffusion_model() -> DemoDiffusion:
    """The diffusion model in float32, its weights not set yet."""
    config = DemoConfig(dict(UNET))
    config.set_inference_dtype(torch.float32, None)
    return config.get_model({}, device=torch.device("cpu"))
