"""Maps of transformers written out in float64: read, or with columns multiplied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from tiny_transformers import JOINT, STRUCTURES, TOKENS

OVERRIDE = "optimized_attention_override"
Asked = Callable[[], torch.Tensor]
"""The host's own attention, as it was asked for."""


@contextmanager
def literally(
    model: Any, name: str, columns: Sequence[int], r: torch.Tensor, rows: int = 1
) -> Iterator[Any]:
    """A clone of `model` with the columns of the last `rows` batch rows times r (H,), by heads.

    columns: of the prompt, before the host moves it. The rows of text and of reference images are
    left as they are.
    """
    front = STRUCTURES[name].front

    def multiply(
        maps: torch.Tensor, image: slice, first: int, v: torch.Tensor, _asked: Asked
    ) -> torch.Tensor:
        for column in columns:
            own = r[first : first + maps.shape[1], None].double()
            maps[-rows:, :, image, front + column] *= own
        return (maps @ v.double()).transpose(1, 2).flatten(2).to(v.dtype)

    with _patched(model, name, multiply) as patched:
        yield patched


@contextmanager
def recorded(model: Any, name: str, seen: list[torch.Tensor], rows: int = 1) -> Iterator[Any]:
    """A clone of `model` whose image's maps of the prompt, (rows, h, N, TOKENS), go into `seen`.

    Layer by layer, of the last `rows` batch rows; the model does what it does.
    """
    front = STRUCTURES[name].front

    def record(
        maps: torch.Tensor, image: slice, _first: int, _v: torch.Tensor, asked: Asked
    ) -> torch.Tensor:
        seen.append(maps[-rows:, :, image, front : front + TOKENS].clone())
        return asked()

    with _patched(model, name, record) as patched:
        yield patched


@contextmanager
def _patched(model: Any, name: str, act: Callable[..., torch.Tensor]) -> Iterator[Any]:
    """A clone with act(maps, the image's rows, first head, v, asked) as its text attention."""
    structure, patched = STRUCTURES[name], model.clone()
    with _running(structure, model) as running:

        def attention(
            function: Any, q: Any, k: Any, v: Any, heads: int, *args: Any, **more: Any
        ) -> Any:
            def asked() -> Any:
                return function(q, k, v, heads, *args, **more)

            others = name not in JOINT and k.shape[-2] != structure.length  # of a vision encoder
            if not running or others:
                return asked()
            split = (q, k, v)
            if not more.get("skip_reshape"):
                split = tuple(x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in split)
            maps = _maps(*split[:2], args[0] if args else more.get("mask"))
            refs = (more.get("transformer_options") or {}).get("reference_image_num_tokens") or ()
            text = structure.text if name in JOINT else 0
            return act(maps, slice(text, maps.shape[2] - sum(refs)), running[0], split[2], asked)

        patched.model_options["transformer_options"][OVERRIDE] = attention
        yield patched


@contextmanager
def _running(structure: Any, model: Any) -> Iterator[list[int]]:
    """The first head of the layer whose text attention runs, if one does."""
    running: list[int] = []
    handles, start = [], 0
    for module in structure.modules(model.get_model_object("diffusion_model")):

        def begin(_module: Any, _args: Any, start: int = start) -> None:
            running[:] = [start]

        def end(_module: Any, _args: Any, _out: Any) -> None:
            running.clear()

        handles += [module.register_forward_pre_hook(begin), module.register_forward_hook(end)]
        start += _heads(module)
    try:
        yield running
    finally:
        for handle in handles:
            handle.remove()


def _maps(q: Any, k: Any, mask: Any) -> torch.Tensor:
    scores = q.double() @ k.double().transpose(-1, -2) / q.shape[-1] ** 0.5
    if mask is not None:
        scores += mask.double()[:, None]
    return torch.softmax(scores, dim=-1)


def _heads(module: Any) -> int:
    names = ("n_heads", "n_local_heads", "num_heads", "heads")
    return next(int(getattr(module, name)) for name in names if hasattr(module, name))
