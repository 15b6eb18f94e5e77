"""Replacing, refining and reweighting the cross-attention maps of target images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from comfy.ldm.modules.attention import optimized_attention
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import repeated
from ...hrv.heads import CrossAttentionLayer
from ...hrv.p2p import CrossEdit, own_values, taken_values
from ..host.company.rows import rows_of
from ..host.hooks import Call, layer_name
from .pair_rows import Rows


class Factors(NamedTuple):
    """The edit of one layer: mapper (T_s, T_t), taken and own (T_t, heads), on its device."""

    mapper: torch.Tensor
    taken: torch.Tensor
    own: torch.Tensor


@dataclass
class CrossState:
    """The edit as it lies on the devices in a sampling."""

    edit: CrossEdit
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
        self,
        call: Call,
        find: Callable[[Call], Rows | None],
        layer: CrossAttentionLayer,
        state: CrossState,
    ) -> None:
        self.call, self.find, self.layer, self.state = call, find, layer, state
        self.rows: Rows | None = None
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

    def _split_values(self, _module: Any, args: Any, v: torch.Tensor) -> torch.Tensor:
        """Leave b V_t in the target rows, and set P (a V_t) aside for the source's maps."""
        at = rows_of(self.call, args[0])
        tokens = at.tokens
        again = self.values is not None  # the map that they are for is not the one that counts
        if not (again or any(prompt.pair_id for prompt, _ in at.tagged())):
            return v
        fits = self.q is not None and len(self.q) == len(v) == at.rows
        if again or not fits or v.shape[1] < tokens:
            raise ValueError(
                f"P2P-HRV Edit cannot act in {layer_name(self.layer)}: another node (an attention "
                "couple, for example) has that layer read prompts of its own. Remove that node."
            )
        rows = self.find(at)
        if rows is None:
            return v
        mapper, taken, own = self.state.factors(self.call, self.layer, v.device)
        edited = v[rows.target]
        moved = taken_values(edited[:, : len(own)], mapper, taken)
        self.values = torch.zeros_like(edited)  # zero at tokens that other packs added
        self.values[:, :tokens] = repeated(moved, tokens, dim=1)
        edited[:, :tokens] = own_values(edited[:, :tokens], own)
        self.rows = rows
        return v.index_copy(0, rows.target, edited)

    def _add_taken(self, _module: Any, args: Any) -> Any:
        if self.rows is None or self.q is None or self.k is None or self.values is None:
            return None
        attention: Any = self.layer.attention
        added = optimized_attention(
            self.q[self.rows.source],
            self.k[self.rows.source],
            self.values,
            attention.heads,
            attn_precision=getattr(attention, "attn_precision", None),
        )
        target = self.rows.target
        self.rows = self.q = self.k = self.values = None
        return (args[0].index_add(0, target, added.to(args[0].dtype)), *args[1:])
