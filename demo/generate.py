"""Pictures of the demo model through ComfyUI's own sampling, many prompts in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import comfy.sample
import torch
from torch import Tensor

from .latent import CHANNELS, PATCH
from .sprites import SIZE

Conditioning = list[list[Any]]


@dataclass(frozen=True)
class Sampling:
    """KSampler's settings."""

    steps: int = 20
    cfg: float = 4.0
    sampler: str = "euler"
    scheduler: str = "normal"


def conditioning(clip: Any, prompts: Sequence[str]) -> Conditioning:
    """One conditioning whose row i is prompt i: (B, 77, width). Prompts of 75 tokens at most."""
    rows = []
    for prompt in prompts:
        context, _ = clip.encode_from_tokens(clip.tokenize(prompt), return_pooled=True)
        rows.append(context)
    if any(row.shape != rows[0].shape for row in rows):
        raise ValueError("Prompts of one batch must fit 75 tokens each; shorten the longest.")
    return [[torch.cat(rows), {}]]


def noise(seeds: Sequence[int], size: int = SIZE) -> Tensor:
    """The host's noise, each picture from its own seed: (B, 48, size/8, size/8)."""
    empty = torch.zeros(1, CHANNELS, size // PATCH, size // PATCH)
    return torch.cat([comfy.sample.prepare_noise(empty, seed) for seed in seeds])


def generate(
    model: Any,
    clip: Any,
    vae: Any,
    prompts: Sequence[str],
    seeds: Sequence[int],
    sampling: Sampling | None = None,
) -> Tensor:
    """Pictures (B, 64, 64, 3) in [0, 1], one per prompt and seed."""
    how = sampling or Sampling()
    start = noise(seeds)
    latents = comfy.sample.sample(
        model,
        start,
        how.steps,
        how.cfg,
        how.sampler,
        how.scheduler,
        conditioning(clip, prompts),
        conditioning(clip, [""] * len(prompts)),
        torch.zeros_like(start),
        disable_pbar=True,
        seed=seeds[0],
    )
    return vae.decode(latents)
