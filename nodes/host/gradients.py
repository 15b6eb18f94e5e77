"""A model that gradients can pass through, inside the host's inference mode, for as long as needed.

The host loads weights as inference tensors, which autograd must not save. Nothing here is copied
but weights that the host streams in anyway; everything is put back afterwards, errors included.
`PassMemory` says how much of a pass is kept, `until_finite` does what float16 gradients need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import comfy.model_management
import torch
from comfy.ldm.modules.attention import BasicTransformerBlock
from comfy.ldm.modules.diffusionmodules.openaimodel import ResBlock
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map
from torch.utils.checkpoint import checkpoint

from .transformer.gradients import plain_operations, recomputing, transformer_blocks

T = TypeVar("T")
Checkpointing = Literal["auto", "on", "off"]

LARGE_BATCH = 8192
"""Latent pixels of a batch, such as two images of 512 x 512: from here on the graph of a pass takes
more than a GiB, so that no more are measured together, and values are computed twice."""
_AMPLIFY = (4096.0, 64.0, 1.0)
_FUNCTIONS = ("weight_function", "bias_function")


class _Plain(TorchFunctionMode):
    """Gives every function ordinary tensors over the memory of inference tensors."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        plain = tree_map(_over, args), tree_map(_over, kwargs or {})
        return func(*plain[0], **plain[1])


@contextmanager
def gradients(foreign: bool = False) -> Iterator[None]:
    """Leave inference mode and record a graph.

    foreign: there are weights that are no part of the U-Net, so that `differentiable` does not find
    them; then every tensor is looked at where it is used, which takes longer.
    """
    with ExitStack() as modes:
        modes.enter_context(torch.inference_mode(False))
        modes.enter_context(torch.enable_grad())
        if foreign:
            modes.enter_context(_Plain())
        yield


@contextmanager
def differentiable(
    unet: torch.nn.Module, device: torch.device, beside: Iterable[torch.nn.Module] = ()
) -> Iterator[None]:
    """Weights that autograd may save, over the same memory where they are at hand.

    beside: networks that take part in the U-Net's calls, such as GLIGEN's.
    """
    with ExitStack() as undo, torch.inference_mode(False):
        for module in (m for network in (unet, *beside) for m in network.modules()):
            if _streamed(module, device):
                _copy_when_cast(module, undo)
            else:
                _alias(module._parameters, undo)
            _alias(module._buffers, undo)
        undo.enter_context(plain_operations(unet))
        yield


@contextmanager
def checkpointed(unet: torch.nn.Module, wanted: bool, foreign: bool = False) -> Iterator[None]:
    """Transformer and residual blocks that compute their inside again instead of keeping it.

    foreign: as in `gradients`.
    """
    with ExitStack() as undo:
        for module in unet.modules() if wanted else ():
            if isinstance(module, (BasicTransformerBlock, ResBlock)):
                _set(module, "forward", _recomputing(module.forward, foreign), undo)
        for block in transformer_blocks(unet) if wanted else ():
            again = _Plain if foreign else nullcontext
            _set(block, "forward", recomputing(block, again), undo)
        yield


def until_finite(
    one_pass: Callable[[float], T], gradient_of: Callable[[T], tuple[torch.Tensor, bool]]
) -> T:
    """one_pass(factor on what is differentiated), with ever smaller ones while float16 overflows.

    gradient_of(its result): the gradient, and whether the factor served, in float16. The last
    result need not be finite.
    """
    for amplify in _AMPLIFY:
        found = one_pass(amplify)
        gradient, half = gradient_of(found)
        if not half or bool(gradient.isfinite().all()):
            break
    return found


def _streamed(module: Any, device: torch.device) -> bool:
    """Whether the host brings this module's weights in, or patches them, at each use.

    It does so for weights elsewhere, for its own kinds of tensors (quantised ones), for modules
    with memory of its allocator (`_v`) and for those with functions to apply to their weights.
    """
    if not all(hasattr(module, name) for name in _FUNCTIONS):
        return False
    held = [p for p in module._parameters.values() if p is not None]
    away = any(p.device != device or type(p) is not torch.nn.Parameter for p in held)
    return away or hasattr(module, "_v") or any(len(getattr(module, n)) for n in _FUNCTIONS)


def _copy_when_cast(module: Any, undo: ExitStack) -> None:
    """Make the host's last step in casting a weight a copy, since its own buffer is used again."""
    for name in _FUNCTIONS:
        _set(module, name, [*getattr(module, name), torch.clone], undo)


def _alias(tensors: dict[str, Any], undo: ExitStack) -> None:
    """Replace inference tensors by ordinary ones over the same memory.

    tensors: a module's own table (`_parameters`, `_buffers`), since setting an attribute would
    register it anew, and undoing must find just what it put there.
    """
    for name, tensor in list(tensors.items()):
        if tensor is not None and tensor.is_inference():
            plain = _over(tensor)
            if isinstance(tensor, torch.nn.Parameter):
                plain = torch.nn.Parameter(plain, requires_grad=False)
            tensors[name] = plain
            undo.callback(_restore, tensors, name, plain, tensor)


def _over(tensor: Any) -> Any:
    """An ordinary tensor over the memory of an inference tensor; all else as it is.

    So are the host's own kinds of tensors: a quantised one has no memory of its own.
    """
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter) or not tensor.is_inference():
        return tensor
    with torch._C.DisableTorchFunction():
        plain = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
        offset, size, stride = tensor.storage_offset(), tensor.size(), tensor.stride()
        return plain.set_(tensor.untyped_storage(), offset, size, stride)


def _restore(tensors: dict[str, Any], name: str, ours: Any, before: Any) -> None:
    if tensors.get(name) is ours:  # else the host itself has put another weight there
        tensors[name] = before


def _set(module: Any, name: str, value: Any, undo: ExitStack) -> None:
    """Shadow an attribute on the instance."""
    if name in module.__dict__:
        undo.callback(module.__dict__.__setitem__, name, module.__dict__[name])
    else:
        undo.callback(module.__dict__.pop, name)
    module.__dict__[name] = value


def _recomputing(forward: Any, foreign: bool) -> Any:
    def modes() -> tuple[Any, Any]:  # of the first time, and of the second, out of the others
        return nullcontext(), _Plain() if foreign else nullcontext()

    def run(*args: Any, **kwargs: Any) -> Any:
        options = kwargs.get("transformer_options")
        if options is not None:  # the host goes on changing it; the second time must see the same
            kwargs["transformer_options"] = dict(options)
        ways: Any = {"use_reentrant": False, "preserve_rng_state": False, "context_fn": modes}
        return checkpoint(forward, *args, **ways, **kwargs)

    return run


@dataclass
class PassMemory:
    """Of the passes of one sampling: whether values inside the U-Net are computed twice.

    checkpointing: on, off, or auto for large batches and once memory ran out; short: it ran out;
    advice: the message where nothing helps.
    """

    checkpointing: Checkpointing
    advice: str
    short: bool = False

    def recomputes(self, x: torch.Tensor) -> bool:
        """Whether values are computed twice for latents x (I, channels, height, width)."""
        worth = x[:, 0].numel() >= LARGE_BATCH or self.short
        return self.checkpointing == "on" or (self.checkpointing == "auto" and worth)

    def fit(self, x: torch.Tensor, one_pass: Callable[[bool], T]) -> T:
        """one_pass(recompute), and with `auto` another one that keeps less if memory runs out.

        ValueError with the advice where it does not fit even so.
        """
        recompute = self.recomputes(x)
        try:
            return one_pass(recompute)
        except comfy.model_management.OOM_EXCEPTION:
            if recompute or self.checkpointing != "auto":
                raise ValueError(self.advice) from None
        self.short = True
        comfy.model_management.soft_empty_cache()
        return self.fit(x, one_pass)
