"""The joint attentions of one call of a transformer: what is rescaled and what is read in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch.utils.hooks import RemovableHandle

from ....hrv.families.family import Family
from ....hrv.families.joint import Rows, joint_rows, scale_text_values
from ....hrv.families.stream import Stream
from ....hrv.heads import CrossAttentionLayer
from .attention import Attention, asked_for
from .maps import JointMaps, Listening, TextMaps
from .marks import Mark, Running
from .words import ReadWords, beside, inserted

OVERRIDE = "optimized_attention_override"
"""The one place in transformer_options for a function that takes the host's attention's place."""
_CONTEXT = "c_crossattn"
"""What a model's text is called among its arguments."""
_INPUT = "post_input"
"""Among the patches in transformer_options: what changes text and images before the blocks."""
_FUSED = "attention_pytorch"
"""The host's attention by torch's fused kernels."""
Factors = Callable[[torch.device], torch.Tensor | None]
"""Factors (rows, tokens, heads) of a layer on a device; None where all are 1."""
Missed = Callable[[], None]
"""Called where another pack has changed what the layer attends to."""


@dataclass
class _Site:
    """What is to be done in the attention of one layer."""

    factors: list[Factors] = field(default_factory=list)
    reads: list[Callable[[TextMaps], None]] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    words: list[ReadWords] = field(default_factory=list)


@dataclass
class JointAttention:
    """What acts in the joint attentions of one call.

    text: rows of text in the sequence, behind which the image stands; stream: words beside it.
    """

    family: Family
    text: int
    stream: Stream | None = None
    _running: Running = field(default_factory=Running)
    _sites: dict[int, _Site] = field(default_factory=dict)

    def on_values(
        self, layer: CrossAttentionLayer, factors: Factors, missed: Missed
    ) -> list[RemovableHandle]:
        """Rescales a layer's maps of the text, in the rows of the image that is made."""
        site, handles = self._site(layer)
        site.factors.append(factors)
        site.missed.append(missed)
        return handles

    def on_maps(
        self, layer: CrossAttentionLayer, read: Callable[[TextMaps], None], missed: Missed
    ) -> list[RemovableHandle]:
        """Gives `read` the layer's maps of the text in each evaluation, as the softmax has them."""
        site, handles = self._site(layer)
        site.reads.append(read)
        site.missed.append(missed)
        return handles

    def on_words(self, layer: CrossAttentionLayer, read: ReadWords) -> list[RemovableHandle]:
        """Gives `read` the image's queries and the stream's keys of a layer in each evaluation."""
        site, handles = self._site(layer)
        site.words.append(read)
        return handles

    def put_words(self, stream: Stream, model: torch.nn.Module) -> list[RemovableHandle]:
        """Puts words beside the prompt in this call, see `Stream`."""
        self.stream = stream
        if stream.embedded is None:
            return []
        return inserted(self.family.modules(model), self.text, stream.embedded)

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of what the model is called with, in which this acts."""
        own = {**given, "transformer_options": self.options(given["transformer_options"])}
        words = self._in_context
        if words is not None:
            own[_CONTEXT] = words.behind(given[_CONTEXT])
        return own

    @property
    def _in_context(self) -> Stream | None:
        """The words that stand in the context."""
        return None if self.stream is None or self.stream.embedded is not None else self.stream

    def _site(self, layer: CrossAttentionLayer) -> tuple[_Site, list[RemovableHandle]]:
        """A layer's site; the first time, with what tells when the layer runs."""
        known = self._sites.get(id(layer.attention))
        if known is not None:
            return known, []

        site = self._sites[id(layer.attention)] = _Site()
        begins, ends = Mark(self._running, layer), Mark(self._running, None)
        return site, [
            layer.attention.register_forward_pre_hook(begins),
            layer.attention.register_forward_hook(ends, always_call=True),
        ]

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of transformer_options in which this acts; what stood there goes on acting."""
        own = {**given, OVERRIDE: self.override(given.get(OVERRIDE))}
        patches = given.get("patches", {})
        if patches.get(_INPUT) or self._in_context is not None:
            own["patches"] = {**patches, _INPUT: self._watched(patches.get(_INPUT, ()))}
        return own

    def _watched(self, patches: Sequence[Callable[..., Any]]) -> list[Callable[..., Any]]:
        """The patches of a model's input; ValueError where they move rows that words stand in."""
        before: list[tuple[int, int]] = []

        def note(given: dict[str, Any]) -> dict[str, Any]:
            before[:] = [_rows_of(given)]
            return given

        def compare(given: dict[str, Any]) -> dict[str, Any]:
            if self._sites and before != [_rows_of(given)]:
                raise ValueError(_OTHER_ROWS)
            words = self._in_context
            if words is None:
                return given
            return {**given, "txt_ids": words.numbered(given["txt_ids"])}

        return [note, *patches, compare]

    def override(self, previous: Callable[..., Any] | None) -> Callable[..., torch.Tensor]:
        """What goes into `OVERRIDE`; `previous`, which stood there, is called as before."""

        def attention(function: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
            attend = partial(previous, function) if previous else function
            layer = self._running.layer
            if layer is None:
                found: torch.Tensor = attend(*args, **kwargs)
                return found
            fused = previous is None and getattr(function, "__name__", "") == _FUSED
            return self._attended(asked_for(attend, *args, **kwargs), layer, fused)

        return attention

    def _attended(self, asked: Attention, layer: CrossAttentionLayer, fused: bool) -> torch.Tensor:
        """The result, rescaled; fused: whether the kernels are torch's own, which can be heard."""
        site = self._sites[id(layer.attention)]
        if self.stream is not None:
            return self._streamed(asked, self.stream, site)
        every = [factors(asked.v.device) for factors in site.factors]
        wanted = [one for one in every if one is not None]
        if not (wanted or site.reads):
            return asked.whole()
        rows = self._rows(asked, layer)
        if rows is None or any(len(one) != len(asked.v) for one in wanted):
            for missed in site.missed:
                missed()
            return asked.whole()
        listening = Listening() if site.reads and fused and asked.mask is None else None
        with listening or nullcontext():
            result = _rescaled(asked, rows, wanted)
        if site.reads:
            sums = listening.of(asked, rows) if listening else None
            maps = JointMaps(asked, self.text, rows.target, sums)
            for read in site.reads:
                read(maps)
        return result

    def _streamed(self, asked: Attention, stream: Stream, site: _Site) -> torch.Tensor:
        """The result with words beside it, which are read; nothing else acts in that call."""

        def read(q: torch.Tensor, k: torch.Tensor) -> None:
            for each in site.words:
                each(q, k)

        found = beside(stream, asked, self.text, read)
        if found is None or site.factors or site.reads:
            raise ValueError(_NOT_BESIDE)
        return found

    def _rows(self, asked: Attention, layer: CrossAttentionLayer) -> Rows | None:
        """None where the attention is not that of text and image that the family has."""
        shapes = {one.shape[:3] for one in (asked.q, asked.k, asked.v) if one.ndim == 4}
        whole = all(one.ndim == 4 for one in (asked.q, asked.k, asked.v)) and len(shapes) == 1
        if not (whole and asked.more.get("skip_reshape") and asked.q.shape[1] == layer.heads):
            return None
        options = asked.more.get("transformer_options") or {}
        references = options.get("reference_image_num_tokens") or ()
        return joint_rows(self.text, asked.q.shape[2], references)


def _rescaled(asked: Attention, rows: Rows, factors: Sequence[torch.Tensor]) -> torch.Tensor:
    """The attention with the image's maps of the text times all the factors."""
    if not factors:
        return asked.whole()
    return asked.split(rows, scale_text_values(asked.v, torch.stack(list(factors)).prod(dim=0)))


def _rows_of(given: Mapping[str, Any]) -> tuple[int, int]:
    """How many rows of text and of images there are."""
    return given["txt"].shape[1], given["img"].shape[1]


_NOT_BESIDE = (
    "HRV Construct puts words beside the prompt, which other nodes on this model keep it from. "
    "Connect it to the model without other HRV nodes, or choose recipe measured."
)
_OTHER_ROWS = (
    "A node on this model adds to what it reads beside the prompt, or takes from it (Apply USO "
    "Style Reference and Flux KV Cache do), so that words cannot be steered there. Remove that "
    "node, or the HRV nodes from the model."
)
