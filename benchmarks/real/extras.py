"""Further judges of the papers, on request: DINOv2 for backgrounds, BLIP-2 for captions.

Both are run by transformers, which ComfyUI brings; their weights are fetched by it, or read from a
folder of the user's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize

GREY = 0.5  # of pixels that are left out of a comparison


class ImageFeatures(Protocol):
    """Puts images into a space; rows of unit length."""

    name: str

    def images(self, images: Tensor) -> Tensor:
        """(B, H, W, 3) in [0, 1] -> (B, D)."""
        ...


class Captions(Protocol):
    """Says what images show."""

    name: str

    def captions(self, images: Tensor) -> list[str]:
        """(B, H, W, 3) in [0, 1] -> B sentences."""
        ...


@dataclass(frozen=True)
class Extras:
    """The further judges of a run; None where one is not asked for."""

    background: ImageFeatures | None = None
    captions: Captions | None = None

    def described(self) -> dict[str, str]:
        """Their names, as results depend on them."""
        judges = {"background judge": self.background, "caption judge": self.captions}
        return {title: judge.name for title, judge in judges.items() if judge is not None}


NO_EXTRAS = Extras()


def background_cosine(
    judge: ImageFeatures, source: Tensor, edited: Tensor, thing: Tensor | None
) -> float:
    """Cosine of a source and an edited image (1, H, W, 3) by the features of what must stay.

    thing (H, W) bool: pixels of the edited thing, grey in both; None compares whole images.
    """
    pair = torch.cat([source, edited])
    if thing is not None:
        pair = torch.where(thing[None, :, :, None], torch.full_like(pair, GREY), pair)
    before, after = judge.images(pair)
    return float(before @ after)


class DinoFeatures:
    """The class token of a DINOv2 model, by its name or folder."""

    def __init__(self, name: str, device: Any = "cpu") -> None:
        transformers = import_module("transformers")
        self.model = transformers.AutoModel.from_pretrained(name).eval().to(device)
        self.processor = transformers.AutoImageProcessor.from_pretrained(name)
        self.name, self.device = name, device

    @torch.no_grad()
    def images(self, images: Tensor) -> Tensor:
        """(B, H, W, 3) in [0, 1] -> (B, D) of unit length, float32 on the CPU."""
        inputs = self.processor(images=_pil(images), return_tensors="pt").to(self.device)
        found: Tensor = self.model(**inputs).last_hidden_state[:, 0]
        return normalize(found, dim=-1).float().cpu()


class BlipCaptions:
    """A BLIP-2 model, by its name or folder."""

    def __init__(self, name: str, device: Any = "cpu") -> None:
        transformers = import_module("transformers")
        made = transformers.Blip2ForConditionalGeneration.from_pretrained(name)
        self.model = made.eval().to(device)
        self.processor = transformers.Blip2Processor.from_pretrained(name)
        self.name, self.device = name, device

    @torch.no_grad()
    def captions(self, images: Tensor) -> list[str]:
        """(B, H, W, 3) in [0, 1] -> B sentences."""
        inputs = self.processor(images=_pil(images), return_tensors="pt").to(self.device)
        found = self.processor.batch_decode(self.model.generate(**inputs), skip_special_tokens=True)
        return [str(caption).strip() for caption in found]


def _pil(images: Tensor) -> Sequence[Image.Image]:
    pixels = (images.cpu().clamp(0, 1).numpy() * 255).round().astype(np.uint8)
    return [Image.fromarray(image) for image in pixels]
