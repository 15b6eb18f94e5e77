"""A checkpoint, its HRV and a judge: what every experiment on a real model needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import comfy.sd
import numpy as np
import torch
from PIL import Image
from torch import Tensor

import nodes as host_nodes

from ...hrv.files.fetch import fetch_entry
from ...hrv.files.hrv_file import load_relevance
from ...hrv.files.manifest import read_manifest
from ...hrv.relevance import HeadRelevance
from ...nodes.host.model import model_heads
from ...nodes.library.compatibility import require_compatible
from ...nodes.library.folders import PRETRAINED
from ...nodes.prompts.nodes import HRVPrompt
from .extras import NO_EXTRAS, Extras
from .judge import Similarity

Conditioning = list[list[Any]]


@dataclass(frozen=True)
class Settings:
    """How images are sampled; the papers use 50 steps of PNDM and guidance 7.5."""

    steps: int = 50
    cfg: float = 7.5
    sampler: str = "euler"
    scheduler: str = "normal"
    size: int = 512


@dataclass
class Lab:
    """The parts of a checkpoint with what is measured on it; images are made one by one.

    One seed, one image: the starting noise does not depend on a batch.
    """

    model: Any
    clip: Any
    vae: Any
    hrv: HeadRelevance
    judge: Similarity
    settings: Settings
    images_folder: Path
    masks: Path | None = None
    extras: Extras = NO_EXTRAS

    def __post_init__(self) -> None:
        require_compatible(self.hrv, self.model)

    @cached_property
    def negative(self) -> Any:
        """The empty prompt."""
        return host_nodes.CLIPTextEncode().encode(self.clip, "")[0]

    def prompt(self, text: str) -> Any:
        """A conditioning whose words the nodes find again."""
        return HRVPrompt.execute(text, self.clip).args[0]

    def empty(self) -> dict[str, Tensor]:
        """A latent of one image."""
        latent_format = self.model.get_model_object("latent_format")
        ratio = getattr(latent_format, "spacial_downscale_ratio", 8)
        side = self.settings.size // ratio
        return {"samples": torch.zeros(1, latent_format.latent_channels, side, side)}

    def latent(self, model: Any, positive: Any, seed: int, empty: Any = None) -> Tensor:
        """The sampled latent of one seed."""
        s = self.settings
        how = (s.steps, s.cfg, s.sampler, s.scheduler, positive, self.negative)
        start = self.empty() if empty is None else empty
        return host_nodes.KSampler().sample(model, seed, *how, start, 1.0)[0]["samples"]

    def images(self, model: Any, positive: Any, seeds: Sequence[int]) -> Tensor:
        """One image of each seed, (S, height, width, 3) in [0, 1]."""
        latents = (self.latent(model, positive, seed) for seed in seeds)
        return torch.cat([self.vae.decode(latent).cpu() for latent in latents])

    def keep(self, title: str, image: Tensor) -> str:
        """Write an image (height, width, 3) of that title as PNG; the name of the file."""
        name = f"{title.replace(' ', '_')}.png"
        self.images_folder.mkdir(parents=True, exist_ok=True)
        pixels = (image.clamp(0, 1).numpy() * 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(self.images_folder / name)
        return name

    def mask(self, name: str, size: tuple[int, int]) -> Tensor | None:
        """The user's mask (height, width) bool of a kept image, None where there is none."""
        if self.masks is None or not (self.masks / name).is_file():
            return None
        nearest = Image.Resampling.NEAREST
        image = Image.open(self.masks / name).convert("L").resize((size[1], size[0]), nearest)
        return torch.from_numpy(np.asarray(image) > 127)

    def described(self) -> dict[str, Any]:
        """What results depend on besides the case, as plain data."""
        return {
            "settings": asdict(self.settings),
            "model": self.hrv.heads.description,
            "judge": self.judge.name,
            **self.extras.described(),
            "hrv": dict(self.hrv.provenance),
        }


def load_parts(checkpoint: Path) -> tuple[Any, Any, Any]:
    """MODEL, CLIP and VAE of a checkpoint file; ValueError if it is missing or lacks one."""
    if not checkpoint.is_file():
        raise ValueError(
            f"There is no checkpoint {checkpoint}. Give the path of a .safetensors file of "
            "Stable Diffusion 1.x or SDXL."
        )
    loaded = comfy.sd.load_checkpoint_guess_config(str(checkpoint))[:3]
    for part, name in zip(loaded, ("U-Net", "text encoder", "VAE"), strict=True):
        if part is None:
            raise ValueError(f"{checkpoint.name} has no {name}. Give a whole checkpoint.")
    return loaded


def relevance_for(model: Any, path: Path | None, folder: Path) -> HeadRelevance:
    """The HRV of a file, else the published one of the model's family, fetched into `folder`."""
    if path is not None:
        return load_relevance(path)
    family = model_heads(model).family
    entries = [e for e in read_manifest(PRETRAINED / "manifest.json") if e.family == family]
    if not entries:
        raise ValueError(
            f"Nobody publishes HRVs for {family}. Make some with `python -m tools.construct` and "
            "name the file: --hrv mine.hrv.safetensors"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return load_relevance(fetch_entry(entries[0], folder))
