"""Prompt-to-Prompt on pairs of pictures while the model samples.

The rows of a pair's conditioning alternate: source, target, source, target ... Nothing of a
source row is ever changed, so the source picture is the one its prompt gives alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from comfy.ldm.modules.attention import optimized_attention

from ...hrv.heads import CrossAttentionLayer
from ...hrv.p2p import CrossEdit, own_values, taken_values
from ...hrv.resolution import replaced_pixels
from ...hrv.schedule import step_of, steps_within
from ..host.patching import Call, Run
from ..prompts.tag import Prompt
from ..shared.notify import warn


class Rows(NamedTuple):
    """The batch rows (n,) of the source and target pictures of the pairs."""

    source: torch.Tensor
    target: torch.Tensor


@dataclass(frozen=True)
class Ranges:
    """Shares of the sampling's steps, from the first, and the largest layers of self-replace."""

    cross_replace: float
    self_replace: float
    divisor: int


class PairEdit:
    """The edit of P2P-HRV Edit; it comes after edits that rescale words."""

    order = 1

    def __init__(self, pair: Prompt, cross: CrossEdit, ranges: Ranges, label: str) -> None:
        self.pair, self.cross, self.ranges, self.label = pair, cross, ranges, label

    def prompts(self) -> Iterable[Prompt]:
        return [self.pair]

    def attach(self, call: Call) -> Iterable[Any]:
        rows = pair_rows(call, self.pair)
        if rows is None or call.run.sigmas is None:
            return []
        steps = len(call.run.sigmas) - 1
        step = step_of(call.sigma, call.run.sigmas)
        handles: list[Any] = []
        if step < steps_within(self.ranges.cross_replace, steps):
            for layer in call.layers:
                handles += CrossReplace(self, call, rows, layer).hook()
        if step < steps_within(self.ranges.self_replace, steps):
            height, width = call.x.shape[-2:]
            limit = replaced_pixels(height, width, self.ranges.divisor)
            for block in self._self_blocks(call):
                handles += SelfReplace(call, rows, limit, self).hook(block.attn1)
            call.run.state(self)["self-replace"] = True
        return handles

    def finish(self, run: Run) -> None:
        state = run.state(self)
        if "bypassed" in state:
            warn(
                f"{self.label} did not reach {state['bypassed']}: another pack changed the number "
                "of rows in the attention there. Connect that pack's node after the HRV nodes."
            )
        if "self-replace" in state and "self-replaced" not in state:
            warn(
                f"{self.label} replaced no self-attention: at this picture size no layer is as "
                "small as “layers” asks. Choose larger layers, or set self_replace to 0."
            )

    def factors(
        self, call: Call, layer: CrossAttentionLayer, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Mapper (T_s, T_t), taken and own (T_t, heads) of one layer, kept on the device."""
        kept = call.run.state(self)
        key = (layer.stage, layer.layer, device)
        if key not in kept:
            span = call.heads.span(layer.stage, layer.layer)
            if (device,) not in kept:
                kept[device,] = self.cross.mapper.to(device)
            taken, own = self.cross.taken[:, span], self.cross.own[:, span]
            kept[key] = (kept[device,], taken.to(device), own.to(device))
        return kept[key]

    def _self_blocks(self, call: Call) -> list[Any]:
        kept = call.run.state(self)
        key = ("blocks", id(call.unet))
        if key not in kept:
            cross = {id(layer.attention) for layer in call.layers}
            kept[key] = [
                block
                for block in call.unet.modules()
                if id(getattr(block, "attn2", None)) in cross
                and not getattr(block, "disable_self_attn", False)
            ]
        return kept[key]


def pair_rows(call: Call, pair: Prompt) -> Rows | None:
    """Where a pair's pictures lie in this call's batch, or None; ValueError if unpaired."""
    spans: tuple[list[int], list[int]] = ([], [])
    for number, chunk in enumerate(call.chunks):
        if chunk and chunk.group == pair.id:
            spans[chunk.turn].extend(range(call.rows)[call.row_span(number)])
    if not spans[0]:
        return None
    state = call.run.state(pair)
    if "paired" not in state:
        state["paired"] = _start_alike(call.run.noise)
    if len(spans[0]) != len(spans[1]) or not state["paired"]:
        raise ValueError(
            "P2P-HRV Edit makes its pictures in pairs that start from the same noise, but this "
            "sampler's latent batch is not paired. Wire the LATENT output of P2P-HRV Edit into "
            "the sampler, with nothing in between that changes the batch."
        )
    source, target = (torch.tensor(part, device=call.x.device) for part in spans)
    return Rows(source, target)


def _start_alike(noise: torch.Tensor | None) -> bool:
    return noise is None or torch.equal(noise[0::2], noise[1::2])


class CrossReplace:
    """One cross-attention layer of one call: M~ V_t in two calls of the host's attention."""

    def __init__(self, edit: PairEdit, call: Call, rows: Rows, layer: CrossAttentionLayer) -> None:
        self.edit, self.call, self.rows, self.layer = edit, call, rows, layer
        self.q: Any = None
        self.k: Any = None
        self.values: Any = None

    def hook(self) -> list[Any]:
        attention = self.layer.attention
        return [
            attention.to_q.register_forward_hook(self._keep("q")),
            attention.to_k.register_forward_hook(self._keep("k")),
            attention.to_v.register_forward_hook(self._split_values),
            attention.to_out.register_forward_pre_hook(self._add_taken),
        ]

    def _keep(self, name: str) -> Callable[..., None]:
        def keep(_module: Any, _args: Any, output: torch.Tensor) -> None:
            setattr(self, name, output)

        return keep

    def _split_values(self, _module: Any, _args: Any, v: torch.Tensor) -> torch.Tensor:
        """Leave b V_t in the target rows, and set P (a V_t) aside for the source's maps."""
        tokens = self.call.tokens
        fits = self.q is not None and len(self.q) == len(v) == self.call.rows
        if not fits or v.shape[1] < tokens:
            state = self.call.run.state(self.edit)
            state["bypassed"] = f"{self.layer.stage} layer {self.layer.layer}"
            return v
        mapper, taken, own = self.edit.factors(self.call, self.layer, v.device)
        edited = v[self.rows.target]
        moved = taken_values(edited[:, : len(own)], mapper, taken)
        self.values = torch.zeros_like(edited)  # zero at tokens that other packs added
        self.values[:, :tokens] = moved.repeat(1, tokens // len(mapper), 1)
        edited[:, :tokens] = own_values(edited[:, :tokens], own)
        return v.index_copy(0, self.rows.target, edited)

    def _add_taken(self, _module: Any, args: Any) -> Any:
        if self.values is None:
            return None
        attention = self.layer.attention
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

    def __init__(self, call: Call, rows: Rows, limit: int, edit: PairEdit) -> None:
        self.call, self.rows, self.limit, self.edit = call, rows, limit, edit
        self.acts = False

    def hook(self, attention: Any) -> list[Any]:
        return [
            attention.to_q.register_forward_hook(self._queries),
            attention.to_k.register_forward_hook(self._keys),
        ]

    def _queries(self, _module: Any, _args: Any, q: torch.Tensor) -> torch.Tensor:
        self.acts = len(q) == self.call.rows and q.shape[1] <= self.limit
        if self.acts:
            self.call.run.state(self.edit)["self-replaced"] = True
        return self._replace(q)

    def _keys(self, _module: Any, _args: Any, k: torch.Tensor) -> torch.Tensor:
        return self._replace(k)

    def _replace(self, x: torch.Tensor) -> torch.Tensor:
        if not self.acts:
            return x
        return x.index_copy(0, self.rows.target, x[self.rows.source])
