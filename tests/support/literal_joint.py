"""Rescaled maps of transformers written out: every map built in float64, its columns multiplied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from tiny_transformers import JOINT, STRUCTURES

OVERRIDE = "optimized_attention_override"


@contextmanager
def literally(
    model: Any, name: str, columns: Sequence[int], r: torch.Tensor, rows: int = 1
) -> Iterator[Any]:
    """A clone of `model` with the columns of the last `rows` batch rows times r (H,), by heads.

    columns: of the prompt, before the host moves it. The rows of text and of reference images are
    left as they are.
    """
    structure, patched = STRUCTURES[name], model.clone()
    running: list[tuple[Any, int]] = []
    handles, start = [], 0
    for module in structure.modules(model.get_model_object("diffusion_model")):

        def begin(_module: Any, _args: Any, start: int = start) -> None:
            running[:] = [(None, start)]

        def end(_module: Any, _args: Any, _out: Any) -> None:
            running.clear()

        handles += [module.register_forward_pre_hook(begin), module.register_forward_hook(end)]
        start += _heads(module)

    def attention(
        function: Any, q: Any, k: Any, v: Any, heads: int, *args: Any, **more: Any
    ) -> Any:
        others = name not in JOINT and k.shape[-2] != structure.length  # keys of a vision encoder
        if not running or others:
            return function(q, k, v, heads, *args, **more)
        if not more.get("skip_reshape"):
            q, k, v = (each.unflatten(-1, (heads, -1)).transpose(1, 2) for each in (q, k, v))
        first = running[0][1]
        scores = q.double() @ k.double().transpose(-1, -2) / q.shape[-1] ** 0.5
        mask = args[0] if args else more.get("mask")
        if mask is not None:
            scores += mask.double()[:, None]
        maps = torch.softmax(scores, dim=-1)
        refs = (more.get("transformer_options") or {}).get("reference_image_num_tokens") or ()
        text = structure.text if name in JOINT else 0
        for column in columns:
            maps[-rows:, :, text : maps.shape[2] - sum(refs), structure.front + column] *= r[
                first : first + heads, None
            ].double()
        return (maps @ v.double()).transpose(1, 2).flatten(2).to(v.dtype)

    patched.model_options["transformer_options"][OVERRIDE] = attention
    try:
        yield patched
    finally:
        for handle in handles:
            handle.remove()


def _heads(module: Any) -> int:
    names = ("n_heads", "n_local_heads", "num_heads", "heads")
    return next(int(getattr(module, name)) for name in names if hasattr(module, name))
