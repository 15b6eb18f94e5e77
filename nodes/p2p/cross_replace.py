"""Replacing, refining and reweighting the cross-attention maps of target images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from comfy.ldm.modules.attention import optimized_attention
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import repeated
from ...hrv.heads import CrossAttentionLayer
from ...hrv.p2p import CrossEdit, own_values, taken_values
from ..host.hooks import Call
from ..host.layers import layer_name
from .pair_rows import Rows


class Factors(NamedTuple):
    """The edit of one layer: mapper (T_s, T_t), taken and own (T_t, heads), on its device."""

    mapper: torch.Tensor
    taken: torch.Tensor
    own: torch.Tensor


@dataclass
class CrossState:
    """The edit as it lies on the devices in a sampling; bypassed: the last layer not reached."""

    edit: CrossEdit
    bypassed: str = ""
    _mappers: dict[torch.device, torch.Tensor] = field(default_factory=dict)
    _factors: dict[tuple[str, int, torch.device], Factors] = field(default_factory=dict)

    def factors(self, call: Call, layer: CrossAttentionLayer, device: torch.device) -> Factors:
        """The edit's factors of one layer; all layers share the mapper."""
        key = (layer.stage, layer.layer, device)
        if key not in self._factors:
            if device not in self._mappers:
                self._mappers[device] = self.edit.mapper.to(device)
            span = call.heads.span(layer.stage, layer.layer)
            self._factors[key] = Factors(
                mapper=self._mappers[device],
                taken=self.edit.taken[:, span].to(device),
                own=self.edit.own[:, span].to(device),
            )
        return self._factors[key]


class CrossReplace:
    """One cross-attention layer of one call: M~ V_t in two calls of the host's attention."""

    def __init__(
        self, call: Call, rows: Rows, layer: CrossAttentionLayer, state: CrossState
    ) -> None:
        self.call, self.rows, self.layer, self.state = call, rows, layer, state
        self.q: torch.Tensor | None = None
        self.k: torch.Tensor | None = None
        self.values: torch.Tensor | None = None

    def attach(self) -> list[RemovableHandle]:
        attention: Any = self.layer.attention
        return [
            attention.to_q.register_forward_hook(self._keep_queries),
            attention.to_k.register_forward_hook(self._keep_keys),
            attention.to_v.register_forward_hook(self._split_values),
            attention.to_out.register_forward_pre_hook(self._add_taken),
        ]

    def _keep_queries(self, _module: Any, _args: Any, q: torch.Tensor) -> None:
        self.q = q

    def _keep_keys(self, _module: Any, _args: Any, k: torch.Tensor) -> None:
        self.k = k

    def _split_values(self, _module: Any, _args: Any, v: torch.Tensor) -> torch.Tensor:
        """Leave b V_t in the target rows, and set P (a V_t) aside for the source's maps."""
        tokens = self.call.tokens
        fits = self.q is not None and len(self.q) == len(v) == self.call.rows
        if not fits or v.shape[1] < tokens:
            self.state.bypassed = layer_name(self.layer)
            return v
        mapper, taken, own = self.state.factors(self.call, self.layer, v.device)
        edited = v[self.rows.target]
        moved = taken_values(edited[:, : len(own)], mapper, taken)
        self.values = torch.zeros_like(edited)  # zero at tokens that other packs added
        self.values[:, :tokens] = repeated(moved, tokens, dim=1)
        edited[:, :tokens] = own_values(edited[:, :tokens], own)
        return v.index_copy(0, self.rows.target, edited)

    def _add_taken(self, _module: Any, args: Any) -> Any:
        if self.q is None or self.k is None or self.values is None:
            return None
        attention: Any = self.layer.attention
        added = optimized_attention(
            self.q[self.rows.source],
            self.k[self.rows.source],
            self.values,
            attention.heads,
            attn_precision=getattr(attention, "attn_precision", None),
        )
        self.q = self.k = self.values = None
        return (args[0].index_add(0, self.rows.target, added.to(args[0].dtype)), *args[1:])
