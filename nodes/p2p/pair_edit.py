"""Prompt-to-Prompt on pairs of images while the model samples.

The rows of a pair's conditioning alternate: source, target, source, target ... Nothing of a
source row is ever changed, so the source image is the one its prompt gives alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from comfy.ldm.modules.attention import optimized_attention
from torch.utils.hooks import RemovableHandle

from ...hrv.attention import repeated
from ...hrv.heads import CrossAttentionLayer
from ...hrv.p2p import CrossEdit, own_values, taken_values
from ...hrv.resolution import replaced_pixels
from ...hrv.schedule import step_of, steps_within
from ..host.hooks import Call, Hook, Phase, Run
from ..host.layers import layer_name
from ..prompts.tag import Prompt
from ..shared.notify import warn, warn_bypassed
from .pair_rows import PairState, Rows, pair_rows
from .settings import Ranges


class Factors(NamedTuple):
    """The edit of one layer: mapper (T_s, T_t), taken and own (T_t, heads), on its device."""

    mapper: torch.Tensor
    taken: torch.Tensor
    own: torch.Tensor


@dataclass
class PairEditState(PairState):
    """What the edit met, and what it looks up once.

    bypassed: the last layer that was not reached; asked, replaced: whether self-attention was to
    be replaced and was; blocks: by U-Net, those whose self-attention may be replaced.
    """

    bypassed: str = ""
    asked: bool = False
    replaced: bool = False
    mappers: dict[torch.device, torch.Tensor] = field(default_factory=dict)
    factors: dict[tuple[str, int, torch.device], Factors] = field(default_factory=dict)
    blocks: dict[int, list[Any]] = field(default_factory=dict)


class PairEdit(Hook[PairEditState]):
    """The hook of P2P-HRV Edit: exchanges maps between the two images of each pair."""

    phase = Phase.EDIT

    def __init__(self, pair: Prompt, cross: CrossEdit, ranges: Ranges, label: str) -> None:
        self.pair, self.cross, self.ranges, self.label = pair, cross, ranges, label

    def new_state(self) -> PairEditState:
        return PairEditState()

    def prompts(self) -> Iterable[Prompt]:
        return [self.pair]

    def attach(self, call: Call) -> Iterable[RemovableHandle]:
        state = call.run.state(self)
        rows = pair_rows(call, self.pair, state)
        if rows is None or call.run.sigmas is None:
            return []
        steps = len(call.run.sigmas) - 1
        step = step_of(call.sigma, call.run.sigmas)
        handles: list[RemovableHandle] = []
        if step < steps_within(self.ranges.cross_replace, steps):
            for layer in call.layers:
                handles += CrossReplace(self, call, rows, layer).attach()
        if step < steps_within(self.ranges.self_replace, steps):
            height, width = call.x.shape[-2:]
            limit = replaced_pixels(height, width, self.ranges.divisor)
            for block in self._self_blocks(call):
                handles += SelfReplace(call.rows, rows, limit, state).attach(block.attn1)
            state.asked = True
        return handles

    def finish(self, run: Run) -> None:
        state = run.state(self)
        if state.bypassed:
            warn_bypassed(self.label, state.bypassed)
        if state.asked and not state.replaced:
            warn(
                f"{self.label} replaced no self-attention: at this image size no layer is as "
                "small as “layers” asks. Choose larger layers, or set self_replace to 0."
            )

    def factors(self, call: Call, layer: CrossAttentionLayer, device: torch.device) -> Factors:
        """The edit's factors of one layer, kept on the device; all layers share the mapper."""
        state, key = call.run.state(self), (layer.stage, layer.layer, device)
        if key not in state.factors:
            if device not in state.mappers:
                state.mappers[device] = self.cross.mapper.to(device)
            span = call.heads.span(layer.stage, layer.layer)
            state.factors[key] = Factors(
                mapper=state.mappers[device],
                taken=self.cross.taken[:, span].to(device),
                own=self.cross.own[:, span].to(device),
            )
        return state.factors[key]

    def _self_blocks(self, call: Call) -> list[Any]:
        """The blocks whose first attention is among pixels; the host may have disabled that."""
        blocks = call.run.state(self).blocks
        if id(call.unet) not in blocks:
            cross = {id(layer.attention) for layer in call.layers}
            blocks[id(call.unet)] = [
                block
                for block in call.unet.modules()
                if id(getattr(block, "attn2", None)) in cross
                and not getattr(block, "disable_self_attn", False)
            ]
        return blocks[id(call.unet)]


class CrossReplace:
    """One cross-attention layer of one call: M~ V_t in two calls of the host's attention."""

    def __init__(self, edit: PairEdit, call: Call, rows: Rows, layer: CrossAttentionLayer) -> None:
        self.edit, self.call, self.rows, self.layer = edit, call, rows, layer
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
            state = self.call.run.state(self.edit)
            state.bypassed = layer_name(self.layer)
            return v
        mapper, taken, own = self.edit.factors(self.call, self.layer, v.device)
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


class SelfReplace:
    """One self-attention layer of one call: the target rows attend as the source's do."""

    def __init__(self, count: int, rows: Rows, limit: int, state: PairEditState) -> None:
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
