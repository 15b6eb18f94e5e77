"""float64 on every device that has it."""

from __future__ import annotations

from torch import Tensor

_WITHOUT_FLOAT64 = ("mps",)


def wide(values: Tensor) -> Tensor:
    """The values in float64, or in float32 on a device that has nothing wider (Apple's GPUs)."""
    return values.float() if values.device.type in _WITHOUT_FLOAT64 else values.double()
