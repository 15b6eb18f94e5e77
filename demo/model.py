"""The demo model as ComfyUI's own MODEL, CLIP and VAE."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.model_patcher
import comfy.sd
import comfy.sd1_clip
import comfy.supported_models_base
import torch
from safetensors import safe_open
from torch import Tensor

from .decoder import DemoAutoencoder
from .files import FORMAT, part
from .latent import CHANNELS, PATCH
from .network import DemoCLIP, diffusion_model
from .vocabulary import row_of_token

_Patcher = getattr(comfy.model_patcher, "CoreModelPatcher", comfy.model_patcher.ModelPatcher)


def load_demo_model(path: str | Path) -> tuple[Any, Any, Any]:
    """The demo model from its safetensors file: (ModelPatcher, comfy.sd.CLIP, comfy.sd.VAE).

    Everything runs in float32. Raises ValueError if the file is something else.
    """
    tensors = _read(path)
    return _diffusion(tensors), _clip(tensors), _vae(tensors)


def _read(path: str | Path) -> dict[str, Tensor]:
    if not Path(path).is_file():
        raise ValueError(
            f"The demo model is expected at {path}, but there is no such file. Get "
            "pretrained/demo_model.safetensors from the project, or train it: python -m demo.train"
        )
    with safe_open(path, "pt") as file:
        found = (file.metadata() or {}).get("format")
        if found != FORMAT:
            raise ValueError(
                f"{path} is not a demo model: its format is {found!r}, expected {FORMAT!r}. "
                "Other checkpoints are loaded with Load Checkpoint."
            )
        names = file.keys()
        tensors = {name: file.get_tensor(name) for name in names}
    return {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}


def _diffusion(tensors: dict[str, Tensor]) -> Any:
    model = diffusion_model()
    model.diffusion_model.load_state_dict(part(tensors, "unet."))
    model.latent_format.latent_rgb_factors = _preview(tensors)
    return _Patcher(
        model,
        load_device=comfy.model_management.get_torch_device(),
        offload_device=comfy.model_management.unet_offload_device(),
    )


def _preview(tensors: dict[str, Tensor]) -> list[list[float]]:
    """How much red, green and blue a latent channel means on average: 48 rows of 3."""
    basis, scale = tensors["vae.latent.basis"], tensors["vae.latent.scale"]
    return (basis.mean((2, 3)) / scale).tolist()


def _clip(tensors: dict[str, Tensor]) -> Any:
    target = comfy.supported_models_base.ClipTarget(comfy.sd1_clip.SD1Tokenizer, DemoCLIP)
    clip = comfy.sd.CLIP(target, model_options={"dtype": torch.float32})
    weights = part(tensors, "text.")
    table = "text_model.embeddings.token_embedding.weight"
    weights[table] = weights[table][row_of_token(tensors["vocabulary.known"])]
    clip.cond_stage_model.clip_l.transformer.load_state_dict(weights)
    return clip


def _vae(tensors: dict[str, Tensor]) -> Any:
    """The host's VAE object around our autoencoder."""
    network = DemoAutoencoder().train(False).requires_grad_(False)
    network.load_state_dict(part(tensors, "vae."))
    vae = comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)}, dtype=torch.float32)
    vae.first_stage_model = network
    vae.patcher = comfy.model_patcher.ModelPatcher(
        network,
        load_device=vae.device,
        offload_device=comfy.model_management.vae_offload_device(),
    )
    vae.latent_channels = CHANNELS
    vae.downscale_ratio = vae.upscale_ratio = PATCH
    # Bytes: 16 channels at full size are the decoder's largest activation, three are alive.
    vae.memory_used_decode = lambda shape, dtype: 3 * 64 * shape[2] * shape[3] * PATCH**2
    vae.memory_used_encode = lambda shape, dtype: 3 * 64 * shape[2] * shape[3]
    vae.size = None
    vae.model_size()
    return vae
