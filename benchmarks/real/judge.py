"""The judge of real images: CLIP similarity (open_clip, an optional extra)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize

PAPER = ("ViT-H-14", "laion2b_s32b_b79k")
"""The architecture and weights by which the HRV paper scores."""


class Similarity(Protocol):
    """Puts images and texts into one space; rows of unit length."""

    name: str

    def images(self, images: Tensor) -> Tensor:
        """(B, H, W, 3) in [0, 1] -> (B, D)."""
        ...

    def texts(self, texts: Sequence[str]) -> Tensor:
        """T texts -> (T, D)."""
        ...


def cosines(judge: Similarity, images: Tensor, texts: Sequence[str]) -> Tensor:
    """Cosine of every image with every text, (B, T) float32."""
    return judge.images(images) @ judge.texts(texts).T


class ClipSimilarity:
    """A model of open_clip; `weights` None leaves it random, for trying things out."""

    def __init__(self, architecture: str, weights: str | None, device: Any = "cpu") -> None:
        open_clip = _open_clip()
        made = open_clip.create_model_and_transforms(architecture, pretrained=weights)
        self.model, self.transform = made[0].eval().to(device), made[2]
        self.tokenizer = open_clip.get_tokenizer(architecture)
        self.name, self.device = f"{architecture} ({weights or 'random weights'})", device

    @torch.no_grad()
    def images(self, images: Tensor) -> Tensor:
        """(B, H, W, 3) in [0, 1] -> (B, D) of unit length, float32 on the CPU."""
        bytes_ = (images.cpu().clamp(0, 1).numpy() * 255).round().astype(np.uint8)
        batch = torch.stack([self.transform(Image.fromarray(image)) for image in bytes_])
        return normalize(self.model.encode_image(batch.to(self.device)), dim=-1).float().cpu()

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """T texts -> (T, D) of unit length, float32 on the CPU."""
        tokens = self.tokenizer(list(texts)).to(self.device)
        return normalize(self.model.encode_text(tokens), dim=-1).float().cpu()


def _open_clip() -> Any:
    try:
        return import_module("open_clip")
    except ImportError as error:
        raise ValueError(
            "The judge needs open_clip, which is not part of ComfyUI: run `make clip`, or "
            "`pip install open_clip_torch` with ComfyUI's own Python."
        ) from error
