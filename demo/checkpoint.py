"""Checkpoints of trainings, renamed into place so that a broken-off write loses nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from .files import part

Modules = Mapping[str, nn.Module]


def save(
    path: Path, modules: Modules, optimizer: torch.optim.Optimizer, facts: Mapping[str, Any]
) -> None:
    """Write the weights of every module, the optimizer's state and some numbers or tensors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: torch.as_tensor(value) for name, value in facts.items()}
    for prefix, module in modules.items():
        tensors |= {f"{prefix}.{name}": value for name, value in module.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in state.items()}
    fresh = path.with_suffix(".new")
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, fresh)
    fresh.replace(path)


def resume(
    path: Path, modules: Modules, optimizer: torch.optim.Optimizer, device: torch.device
) -> dict[str, Tensor]:
    """Put a checkpoint back where it came from; returns all its tensors, none if there is none."""
    if not path.exists():
        return {}
    tensors = load_file(path, device=str(device))
    for prefix, module in modules.items():
        module.load_state_dict(part(tensors, f"{prefix}."))
    optimizer.load_state_dict(_optimizer_state(optimizer, tensors))
    return tensors


def _optimizer_state(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> Any:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in part(tensors, "optimizer.").items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    return {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}


def cosine_rate(step: int, steps: int, peak: float, warmup: int = 100) -> float:
    """A learning rate: straight up over the warm-up, then half a cosine down to zero."""
    return peak * min((step + 1) / warmup, (1 + math.cos(math.pi * step / steps)) / 2)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of every group of parameters."""
    for group in optimizer.param_groups:
        group["lr"] = rate
