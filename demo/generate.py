"""Pictures of the demo model through ComfyUI's own sampling, many prompts in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import comfy.sample
import torch
from torch import Tensor

from .latent import CHANNELS, PATCH
from .sampling import Sampling
from .sprites import SIZE

Conditioning = list[list[Any]]


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


def sample(
    model: Any,
    start: Tensor,
    positive: Conditioning,
    negative: Conditioning,
    seed: int,
    how: Sampling,
) -> Tensor:
    """Latents (B, 48, h, w) that the host's sampler makes of the noise ``start``."""
    return comfy.sample.sample(
        model,
        start,
        how.steps,
        how.cfg,
        how.sampler,
        how.scheduler,
        positive,
        negative,
        torch.zeros_like(start),
        disable_pbar=True,
        seed=seed,
    )


def generate(
    model: Any,
    clip: Any,
    vae: Any,
    prompts: Sequence[str],
    seeds: Sequence[int],
    sampling: Sampling | None = None,
) -> Tensor:
    """Pictures (B, 64, 64, 3) in [0, 1], one per prompt and seed."""
    positive, negative = (conditioning(clip, texts) for texts in (prompts, [""] * len(prompts)))
    how = sampling or Sampling()
    return vae.decode(sample(model, noise(seeds), positive, negative, seeds[0], how))
