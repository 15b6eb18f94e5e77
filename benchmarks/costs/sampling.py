"""What the costs have in common: the demo model, one KSampler, random HRVs, and a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

import nodes as host_nodes

from ...demo.model import load_demo_model
from ...hrv.heads import head_table
from ...hrv.relevance import HeadRelevance
from ...nodes.library.folders import PRETRAINED


def demo_model() -> tuple[Any, Any, int]:
    """MODEL, CLIP, and the number of the latent's channels."""
    model, clip, _vae = load_demo_model(PRETRAINED / "demo_model.safetensors")
    return model, clip, model.get_model_object("latent_format").latent_channels


def sampler(model: Any, positive: Any, negative: Any, latent: Any, steps: int) -> Callable[[], Any]:
    """A guided sampling, any number of times."""

    def run() -> Any:
        with torch.inference_mode():
            return host_nodes.KSampler().sample(
                model, 1, steps, 5.0, "euler", "normal", positive, negative, latent, 1.0
            )

    return run


def some_relevance(model: Any, concept: str, word: str) -> HeadRelevance:
    """Random HRVs of one concept with one word."""
    heads = head_table(model.get_model_object("diffusion_model"))
    row = torch.rand(1, len(heads), generator=torch.Generator().manual_seed(0))
    return HeadRelevance((concept,), ((word,),), heads, row * len(heads) / row.sum())


def quiet_clock() -> Callable[[], float]:
    """On a CPU the processor's time, so that other programs hardly count."""
    return time.perf_counter if torch.cuda.is_available() else time.process_time
