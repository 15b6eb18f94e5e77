"""Sampling by the host, with more lists of conditionings than the two that guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import comfy.samplers
import torch

from ..host.gradients import LARGE_BATCH
from ..prompts.tag import Conditioning

Conditionings = Mapping[str, Conditioning]
"""Lists by name: `positive` and `negative` guide; hooks may ask for predictions by the others."""


@dataclass(frozen=True)
class Guidance:
    """How images are sampled: the host's names of a sampler and a scheduler, steps and cfg."""

    sampler: str
    scheduler: str
    steps: int
    cfg: float


def sampled_together(images: int, shape: Sequence[int]) -> list[list[int]]:
    """Numbers of the images by batches that one gradient pass has memory for; shape: (C, ...)."""
    together = max(1, LARGE_BATCH // prod(shape[1:]))
    return [group.tolist() for group in torch.arange(images).split(together)]


def sample_lists(
    model: Any, conditionings: Conditionings, how: Guidance, noise: torch.Tensor, seed: int
) -> torch.Tensor:
    """Latents (I, C, ...) from `noise` of that shape; seed: for samplers that draw noise."""
    guider = comfy.samplers.CFGGuider(model)
    guider.inner_set_conds(dict(conditionings))
    guider.set_cfg(how.cfg)
    sampling = model.get_model_object("model_sampling")
    latents: torch.Tensor = guider.sample(
        noise,
        torch.zeros_like(noise),
        comfy.samplers.sampler_object(how.sampler),
        comfy.samplers.calculate_sigmas(sampling, how.scheduler, how.steps),
        disable_pbar=True,
        seed=seed,
    )
    return latents
