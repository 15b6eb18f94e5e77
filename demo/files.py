"""What the demo model's file looks like."""

from __future__ import annotations

from torch import Tensor

FORMAT = "demo-model-2"


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors under a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
