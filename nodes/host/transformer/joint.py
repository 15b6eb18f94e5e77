"""The joint attentions of one call of a transformer, and what is to be rescaled in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ....hrv.families.family import Family
from ....hrv.families.joint import Rows, joint_rows, put_rows, scale_text_values, take_rows
from ....hrv.heads import CrossAttentionLayer

OVERRIDE = "optimized_attention_override"
"""The one place in transformer_options for a function that takes the host's attention's place."""
_INPUT = "post_input"
"""Among the patches in transformer_options: what changes text and images before the blocks."""
Factors = Callable[[torch.device], torch.Tensor | None]
"""Factors (rows, tokens, heads) of a layer on a device; None where all are 1."""


@dataclass(frozen=True)
class Attention:
    """An attention as the host asks for it: q, k, v (B, h, L, d) and what goes with them."""

    attend: Callable[..., torch.Tensor]
    q: torch.Tensor
    k: torch.Tensor
    v: torch.Tensor
    heads: int
    mask: torch.Tensor | None
    more: Mapping[str, Any]

    def whole(self) -> torch.Tensor:
        """As it was asked for."""
        return self.attend(self.q, self.k, self.v, self.heads, mask=self.mask, **self.more)

    def split(self, rows: Rows, values: torch.Tensor) -> torch.Tensor:
        """`values` in place of v for the target's rows alone."""
        dim = 2 if self.more.get("skip_output_reshape") else 1
        target = self._of((rows.target,), values)
        return put_rows(target, self._of(rows.others, self.v), rows, dim)

    def _of(self, rows: tuple[slice, ...], values: torch.Tensor) -> torch.Tensor:
        mask, length = self.mask, self.q.shape[2]
        if mask is not None and mask.ndim > 1 and mask.shape[-2] == length > 1:
            mask = take_rows(mask, rows, -2)
        q = take_rows(self.q, rows, 2).contiguous()  # some attention backends want it so
        return self.attend(q, self.k, values, self.heads, mask=mask, **self.more)


@dataclass
class JointAttention:
    """What acts in the joint attentions of one call.

    text: rows of text in the sequence, behind which the image stands.
    """

    family: Family
    text: int
    _running: CrossAttentionLayer | None = None
    _acts: dict[int, list[tuple[Factors, Callable[[], None]]]] = field(default_factory=dict)

    def on_values(
        self, layer: CrossAttentionLayer, factors: Factors, missed: Callable[[], None]
    ) -> list[RemovableHandle]:
        """Rescales a layer's maps of the text, in the rows of the image that is made."""
        acts = self._acts.setdefault(id(layer.attention), [])
        acts.append((factors, missed))
        if len(acts) > 1:
            return []  # the module tells already when it runs

        def begins(_module: Any, _args: Any) -> None:
            self._running = layer

        def ends(_module: Any, _args: Any, _output: Any) -> None:
            self._running = None

        return [
            layer.attention.register_forward_pre_hook(begins),
            layer.attention.register_forward_hook(ends, always_call=True),
        ]

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of transformer_options in which this acts; what stood there goes on acting."""
        own = {**given, OVERRIDE: self.override(given.get(OVERRIDE))}
        patches = given.get("patches", {})
        if patches.get(_INPUT):
            own["patches"] = {**patches, _INPUT: self._watched(patches[_INPUT])}
        return own

    def _watched(self, patches: Sequence[Callable[..., Any]]) -> list[Callable[..., Any]]:
        """The patches of a model's input; ValueError where they move rows that words stand in."""
        before: list[tuple[int, int]] = []

        def note(given: dict[str, Any]) -> dict[str, Any]:
            before[:] = [_rows_of(given)]
            return given

        def compare(given: dict[str, Any]) -> dict[str, Any]:
            if self._acts and before != [_rows_of(given)]:
                raise ValueError(_OTHER_ROWS)
            return given

        return [note, *patches, compare]

    def override(self, previous: Callable[..., Any] | None) -> Callable[..., torch.Tensor]:
        """What goes into `OVERRIDE`; `previous`, which stood there, is called as before."""

        def attention(function: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
            attend = partial(previous, function) if previous else function
            if self._running is None:
                found: torch.Tensor = attend(*args, **kwargs)
                return found
            return self._rescaled(_asked(attend, *args, **kwargs), self._running)

        return attention

    def _rescaled(self, asked: Attention, layer: CrossAttentionLayer) -> torch.Tensor:
        acts = self._acts[id(layer.attention)]
        every = [factors(asked.v.device) for factors, _missed in acts]
        wanted = [one for one in every if one is not None]
        if not wanted:
            return asked.whole()
        rows = self._rows(asked, layer)
        if rows is None or any(len(one) != len(asked.v) for one in wanted):
            for _factors, missed in acts:
                missed()
            return asked.whole()
        product = torch.stack(wanted).prod(dim=0)
        return asked.split(rows, scale_text_values(asked.v, product))

    def _rows(self, asked: Attention, layer: CrossAttentionLayer) -> Rows | None:
        """None where the attention is not that of text and image that the family has."""
        shapes = {one.shape[:3] for one in (asked.q, asked.k, asked.v) if one.ndim == 4}
        whole = all(one.ndim == 4 for one in (asked.q, asked.k, asked.v)) and len(shapes) == 1
        if not (whole and asked.more.get("skip_reshape") and asked.q.shape[1] == layer.heads):
            return None
        options = asked.more.get("transformer_options") or {}
        references = options.get("reference_image_num_tokens") or ()
        return joint_rows(self.text, asked.q.shape[2], references)


def _rows_of(given: Mapping[str, Any]) -> tuple[int, int]:
    """How many rows of text and of images there are."""
    return given["txt"].shape[1], given["img"].shape[1]


def _asked(
    attend: Callable[..., torch.Tensor], *args: Any, mask: Any = None, **more: Any
) -> Attention:
    """The call of the host's attention as an `Attention`; heads and mask come by name too."""
    q, k, v, *rest = args
    heads = rest[0] if rest else more.pop("heads")
    return Attention(attend, q, k, v, heads, rest[1] if len(rest) > 1 else mask, more)


_OTHER_ROWS = (
    "A node on this model adds to what it reads beside the prompt, or takes from it (Apply USO "
    "Style Reference and Flux KV Cache do), so that words cannot be steered there. Remove that "
    "node, or the HRV nodes from the model."
)
