"""The model as ComfyUI's own MODEL, CLIP and VAE."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.model_patcher
import comfy.sd
import comfy.sd1_clip
import comfy.supported_models_base
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ...files import part
from ...vocabulary import row_of_token
from .latent import CHANNELS, PATCH, PatchLatent
from .network import Clip, diffusion_model

FORMAT = "demo-model-3"
_Patcher = getattr(comfy.model_patcher, "CoreModelPatcher", comfy.model_patcher.ModelPatcher)


class Autoencoder(nn.Module):
    """What ``comfy.sd.VAE`` calls: pictures (B, 3, H, W) in [-1, 1] <-> latents, exactly."""

    def __init__(self) -> None:
        super().__init__()
        self.latent = PatchLatent()

    def encode(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 48, H/4, W/4)."""
        return self.latent.encode(pictures)

    def decode(self, latents: Tensor) -> Tensor:
        """(B, 48, h, w) -> (B, 3, 4h, 4w) in [-1, 1]."""
        return self.latent.decode(latents).clamp(-1, 1)


def exported(checkpoint: Path) -> dict[str, Tensor]:
    """The averaged weights of a training's checkpoint, in half precision but for the latent."""
    found = load_file(checkpoint)
    average = part(found, "average.")
    tensors = {f"unet.{k}": v.half() for k, v in part(average, "unet.").items()}
    tensors |= {f"text.{k}": v.half() for k, v in part(average, "text.").items()}
    tensors |= {f"vae.latent.{k}": v for k, v in part(found, "latent.").items()}
    if not all(bool(torch.isfinite(v).all()) for v in tensors.values()):
        raise ValueError("A weight does not fit half precision; train with a lower rate.")
    return tensors | {"vocabulary.known": found["known"]}


def export(checkpoint: Path, path: Path) -> None:
    """Write the model's file, with the facts of its training."""
    with safe_open(checkpoint, "pt") as file:
        facts = {name: file.get_tensor(name) for name in ("pictures", "seconds", "history")}
    metadata = {
        "format": FORMAT,
        "title": "Demo model of the demo world, 64 x 64 pixels",
        "licence": "GPL-3.0-or-later",
        "made_by": "trained in this project on pictures that it draws itself",
        "pictures_seen": str(int(facts["pictures"])),
        "unet_seconds": f"{float(facts['seconds']):.0f}",
        "history": json.dumps(json.loads(bytes(facts["history"].tolist()))),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in exported(checkpoint).items()}, path, metadata)


def load_demo_model(path: str | Path) -> tuple[Any, Any, Any]:
    """The model from its safetensors file: (ModelPatcher, comfy.sd.CLIP, comfy.sd.VAE).

    Everything runs in float32. Raises ValueError if the file is something else.
    """
    if not Path(path).is_file():
        raise ValueError(f"The demo model is expected at {path}, but there is no such file.")
    with safe_open(path, "pt") as file:
        found = (file.metadata() or {}).get("format")
    if found != FORMAT:
        raise ValueError(f"{path} is not this demo model: its format is {found!r}, not {FORMAT!r}.")
    return from_tensors(load_file(path))


def from_tensors(tensors: dict[str, Tensor]) -> tuple[Any, Any, Any]:
    """MODEL, CLIP and VAE from what `exported` gives."""
    tensors = {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
    return _diffusion(tensors), _clip(tensors), _vae(tensors)


def _diffusion(tensors: dict[str, Tensor]) -> Any:
    model = diffusion_model()
    model.diffusion_model.load_state_dict(part(tensors, "unet."))
    # How much red, green and blue a latent channel means on average: 48 rows of 3.
    basis, scale = tensors["vae.latent.basis"], tensors["vae.latent.scale"]
    factors = basis.mean((2, 3)) / scale.view(-1, 1)
    model.latent_format.latent_rgb_factors = factors.tolist()
    model.latent_format.latent_rgb_factors_bias = tensors["vae.latent.mean"].mean((1, 2)).tolist()
    return _Patcher(
        model,
        load_device=comfy.model_management.get_torch_device(),
        offload_device=comfy.model_management.unet_offload_device(),
    )


def _clip(tensors: dict[str, Tensor]) -> Any:
    target = comfy.supported_models_base.ClipTarget(comfy.sd1_clip.SD1Tokenizer, Clip)
    clip = comfy.sd.CLIP(target, model_options={"dtype": torch.float32})
    weights = part(tensors, "text.")
    table = "text_model.embeddings.token_embedding.weight"
    weights[table] = weights[table][row_of_token(tensors["vocabulary.known"])]
    clip.cond_stage_model.clip_l.transformer.load_state_dict(weights)
    return clip


def _vae(tensors: dict[str, Tensor]) -> Any:
    """The host's VAE object around the exact patch latent."""
    network = Autoencoder().eval().requires_grad_(False)
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
    # Bytes: pictures and latents are of the same size, 4 bytes each value, a few copies.
    vae.memory_used_decode = lambda shape, dtype: 16 * CHANNELS * shape[2] * shape[3]
    vae.memory_used_encode = lambda shape, dtype: 16 * 3 * shape[2] * shape[3]
    vae.size = None
    vae.model_size()
    return vae
