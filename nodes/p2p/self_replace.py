"""Keeping the shapes of the source images: their self-attention in place of the targets' own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ..host.hooks import Call
from .pair_rows import Rows


@dataclass
class SelfState:
    """asked, replaced: whether self-attention was to be replaced in a sampling, and was."""

    asked: bool = False
    replaced: bool = False
    _blocks: dict[int, list[Any]] = field(default_factory=dict)

    def blocks(self, call: Call) -> list[Any]:
        """The U-Net's blocks whose first attention is among pixels, looked up once.

        The host can build blocks where that one reads the prompt as well.
        """
        if id(call.unet) not in self._blocks:
            cross = {id(layer.attention) for layer in call.layers}
            self._blocks[id(call.unet)] = [
                block
                for block in call.unet.modules()
                if id(getattr(block, "attn2", None)) in cross
                and not getattr(block, "disable_self_attn", False)
            ]
        return self._blocks[id(call.unet)]


class SelfReplace:
    """One self-attention layer of one call: the target rows attend as the source's do."""

    def __init__(self, count: int, rows: Rows, limit: int, state: SelfState) -> None:
        self.count, self.rows, self.limit, self.state = count, rows, limit, state
        self.acts = False

    def attach(self, attention: Any) -> list[RemovableHandle]:
        return [
            attention.to_q.register_forward_hook(self._queries),
            attention.to_k.register_forward_hook(self._keys),
        ]

    def _queries(self, _module: Any, _args: Any, q: torch.Tensor) -> torch.Tensor:
        self.acts = len(q) == self.count and q.shape[1] <= self.limit
        if self.acts:
            self.state.replaced = True
        return self._replace(q)

    def _keys(self, _module: Any, _args: Any, k: torch.Tensor) -> torch.Tensor:
        return self._replace(k)

    def _replace(self, x: torch.Tensor) -> torch.Tensor:
        if not self.acts:
            return x
        return x.index_copy(0, self.rows.target, x[self.rows.source])
