"""The CPU as a device that knows no float64, as Apple's GPUs are to torch ("mps").

A tensor is on the device if it is a parameter, was sent there (`.to(device)`, `device=`), or was
computed from one that is; `.cpu()` and what makes Python values of it bring it back. There the
pack's code may make no float64; the host's own code is its own affair.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

ROOT = Path(__file__).resolve().parents[2]
OURS = tuple(f"{ROOT / name}/" for name in ("hrv", "nodes"))
BACK = {"cpu", "item", "tolist", "numpy", "__bool__", "__float__", "__int__"}
WIDE = (torch.float64, torch.complex128)
MARK = "_on_narrow_device"


class Float64OnDeviceError(TypeError):
    """What torch says on such a device, in short."""


class NarrowDevice(TorchFunctionMode):
    """Within it the pack's code fails where it would on the device. `seen`: results on it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        given = [*args, *(kwargs or {}).values()]
        if getattr(func, "__name__", "") in BACK or "cpu" in [a for a in given if type(a) is str]:
            # of a tensor on the CPU, .cpu() is that very tensor, with its mark
            return result.view_as(result) if isinstance(result, torch.Tensor) else result
        if not _there(given):
            return result
        for tensor in tensors(result):
            if tensor.dtype in WIDE and called_by_us():
                name = getattr(func, "__name__", str(func))
                raise Float64OnDeviceError(f"{name} makes float64 on a device that has none")
            setattr(tensor, MARK, True)
            self.seen += 1
        return result


def _there(given: list[Any]) -> bool:
    """Whether what is computed of these values lies on the device."""
    sent = any(isinstance(each, torch.device) for each in given)
    return sent or any(map(on_device, tensors(given)))


def on_device(tensor: torch.Tensor) -> bool:
    """Whether a tensor lies on the device."""
    return isinstance(tensor, torch.nn.Parameter) or hasattr(tensor, MARK)


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in nested lists, tuples and dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from tensors(each)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def called_by_us() -> bool:
    """Whether the call stands in the pack's code, and not in torch's or the host's."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if "/torch/" not in file and file != __file__:
            return file.startswith(OURS)
        frame = frame.f_back
    return False
