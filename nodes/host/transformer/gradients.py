"""What a pass with gradients needs of a transformer besides weights that autograd may save."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

import comfy.quant_ops
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from ....hrv.families.registry import family_of
from .marks import Mark


@contextmanager
def plain_operations(model: nn.Module) -> Iterator[None]:
    """A transformer with rotations by torch's own operations, and norms that read copies.

    The host's fused rotations have no gradient, and blocks go on to change in place what a norm has
    read and autograd saved. Everything is put back afterwards.
    """
    with ExitStack() as undo:
        if family_of(model) is not None:
            _rotate_plainly(undo)
            for module in model.modules():
                if isinstance(module, (nn.LayerNorm, nn.RMSNorm)):
                    undo.callback(module.register_forward_pre_hook(_read_copy).remove)
        yield


def _rotate_plainly(undo: ExitStack) -> None:
    kernels = getattr(comfy.quant_ops, "ck", None)
    try:
        from comfy_kitchen.backends.eager import rope
    except ImportError:  # then the host has no fused ones either
        return
    for name in dir(rope):
        if name.startswith(("apply_rope", "rms_rope")) and hasattr(kernels, name):
            undo.callback(setattr, kernels, name, getattr(kernels, name))
            setattr(kernels, name, getattr(rope, name))


def _read_copy(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
    return (args[0].clone(), *args[1:])


def transformer_blocks(model: nn.Module) -> list[nn.Module]:
    """The blocks of a transformer, whose inside may be computed twice; none of other models."""
    family = family_of(model)
    return [] if family is None else family.modules(model)


def recomputing(
    block: nn.Module, again: Callable[[], AbstractContextManager[Any]]
) -> Callable[..., Any]:
    """A block's forward that computes its inside again, in `again()`, instead of keeping it.

    What it is given is kept as it was, since blocks change it in place.
    """
    forward = block.forward

    def inside(*args: Any, **kwargs: Any) -> Any:
        own = {name: _copied(value) for name, value in kwargs.items()}
        return forward(*map(_copied, args), **own)

    def run(*args: Any, **kwargs: Any) -> Any:
        contexts = partial(_contexts, block, again)
        return checkpoint(
            inside,
            *args,
            use_reentrant=False,
            preserve_rng_state=False,
            context_fn=contexts,
            **kwargs,
        )

    return run


def _copied(value: Any) -> Any:
    """A tensor, or options, that may be changed."""
    if torch.is_tensor(value):
        return value.clone()
    return dict(value) if isinstance(value, dict) else value


def _contexts(
    block: nn.Module, again: Callable[[], AbstractContextManager[Any]]
) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """For the first time and for the second, in which nobody else tells that the block runs."""
    return nullcontext(), _marked(block, again)


@contextmanager
def _marked(block: nn.Module, again: Callable[[], AbstractContextManager[Any]]) -> Iterator[None]:
    for mark in _marks(block._forward_pre_hooks):
        mark()
    try:
        with again():
            yield
    finally:
        for mark in _marks(block._forward_hooks):
            mark()


def _marks(hooks: Any) -> list[Mark]:
    return [hook for hook in hooks.values() if isinstance(hook, Mark)]
