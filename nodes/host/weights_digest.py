"""Which checkpoint a patcher holds, so that votes of two checkpoints are never mixed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import torch

_SAMPLED = 64  # values of a weight; patches and fine-tuning change nearly all


def weights_digest(patcher: Any) -> str:
    """Sixteen hex digits of a sample of every weight matrix, and of all patches (LoRAs) on them.

    Weights are read as they are without patches, so it is the same whether the model is loaded
    or not.
    """
    digest = hashlib.sha256()
    for key, (base, *patches) in sorted(patcher.get_key_patches().items()):
        for value in (base[0], *_leaves(patches)):
            if isinstance(value, torch.Tensor):
                if value.dim() > 1:
                    sample = value.flatten()[:_SAMPLED].float().cpu().contiguous()
                    digest.update(key.encode() + sample.numpy().tobytes())
            else:
                digest.update(repr(value).encode())
    return digest.hexdigest()[:16]


def _leaves(value: Any) -> Iterable[Any]:
    """Tensors and numbers in nested patches, adapter objects included."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, torch.Tensor | int | float):
        yield value
    elif hasattr(value, "weights"):
        yield from _leaves(value.weights)
