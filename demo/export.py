"""Putting the trained parts into one file in half precision."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .files import FORMAT, part
from .train_unet import Settings


def export(folder: Path, path: Path) -> None:
    """Write the averaged weights of the checkpoints in ``folder`` to ``path``."""
    unet = load_file(folder / "unet.safetensors")
    decoder = load_file(folder / "decoder.safetensors")
    average = part(unet, "average.")
    tensors: dict[str, Tensor] = {"vocabulary.known": unet["known"]}
    tensors |= {f"unet.{k}": v.half() for k, v in part(average, "unet.").items()}
    tensors |= {f"text.{k}": v.half() for k, v in part(average, "text.").items()}
    tensors |= {f"vae.decoder.{k}": v.half() for k, v in part(decoder, "average.decoder.").items()}
    # The encoder stays exact: it is small.
    tensors |= {f"vae.latent.{k}": v for k, v in part(unet, "latent.").items()}
    finite = all(bool(torch.isfinite(v).all()) for v in tensors.values())
    if not finite:
        raise ValueError("A weight does not fit half precision; train with a lower rate.")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in tensors.items()}, path, _metadata(unet, decoder))


def _metadata(unet: dict[str, Tensor], decoder: dict[str, Tensor]) -> dict[str, str]:
    settings = Settings()
    settings = replace(settings, pictures=int(unet["step"]) * settings.batch)
    return {
        "format": FORMAT,
        "title": "Demo model of the demo world, 64 x 64 pixels",
        "licence": "GPL-3.0-or-later",
        "made_by": "trained in this project on pictures that it draws itself",
        "pictures_seen": str(settings.pictures),
        "unet_seconds": f"{float(unet['seconds']):.0f}",
        "decoder_seconds": f"{float(decoder['seconds']):.0f}",
        "settings": json.dumps(asdict(settings)),
    }
