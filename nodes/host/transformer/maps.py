"""The maps of the text in a layer, read beside the host's attention, whatever the layer is like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ....hrv.attention import probabilities
from ....hrv.families.joint import Rows, column_maps, log_sum_exp, one_hot
from .attention import Attention

_TOGETHER = 2**26
"""Values of maps that are made at a time, 256 MB."""


class TextMaps(Protocol):
    """What the image of each batch row attends to; length: how many rows of text there are."""

    @property
    def rows(self) -> int: ...

    @property
    def length(self) -> int: ...

    def of(self, rows: slice, columns: Sequence[int]) -> Iterator[torch.Tensor]:
        """Maps (I, some heads, pixels, n) of n rows of text, of batch rows, heads in order."""


@dataclass(frozen=True, eq=False)
class ProjectedMaps:
    """Of a cross-attention: q (rows, N, h*d), k (rows, T, h*d), as they are compared."""

    q: torch.Tensor
    k: torch.Tensor
    heads: int

    @property
    def rows(self) -> int:
        return len(self.q) if len(self.q) == len(self.k) else 0

    @property
    def length(self) -> int:
        return self.k.shape[1]

    def of(self, rows: slice, columns: Sequence[int]) -> Iterator[torch.Tensor]:
        q, k = self.q[rows], self.k[rows]
        size = q.shape[-1] // self.heads
        for own in _some_heads(self.heads, len(q) * q.shape[1] * len(columns)):
            channels = slice(own.start * size, own.stop * size)
            yield probabilities(q[..., channels], k[..., channels], own.stop - own.start, columns)


@dataclass(frozen=True, eq=False)
class JointMaps:
    """Of joint attention; text: its rows, image: those of the image that is made.

    known: (B, h, N), the logarithms of the sums of the image's rows, where its attention told them.
    """

    asked: Attention
    text: int
    image: slice
    known: torch.Tensor | None

    @property
    def rows(self) -> int:
        return len(self.asked.q)

    @property
    def length(self) -> int:
        return self.text

    def of(self, rows: slice, columns: Sequence[int]) -> Iterator[torch.Tensor]:
        if self.known is None:
            yield self._asked_for(columns)[rows]
            return
        q, k = self.asked.q[rows, :, self.image], self.asked.k[rows][:, :, list(columns)]
        known = self.known[rows]
        for own in _some_heads(self.asked.heads, known[:, 0].numel() * len(columns)):
            yield column_maps(q[:, own], k[:, own], known[:, own], self.asked.scale)

    def _asked_for(self, columns: Sequence[int]) -> torch.Tensor:
        """The maps of all batch rows by another attention, of which they are the result."""
        found = []
        for some in torch.tensor(list(columns)).split(self.asked.v.shape[-1]):
            values = one_hot(self.asked.v, some.tolist())
            result = self.asked.rows((self.image,), values)
            if not self.asked.more.get("skip_output_reshape"):
                result = result.unflatten(-1, (self.asked.heads, -1)).transpose(1, 2)
            found.append(result[..., : len(some)].float())
        return torch.cat(found, dim=-1)


class Listening(TorchDispatchMode):
    """Hears the logarithms of a softmax's sums, which torch's fused attention tells beside it.

    It changes nothing. Kernels that do not tell them are not heard.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[torch.Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.scaled_dot_product_attention.default:
            with self:  # of which kernel it is made is not seen else
                return func.decompose(*args, **(kwargs or {}))
        result = func(*args, **(kwargs or {}))
        if func.name().startswith("aten::_scaled_dot_product_") and isinstance(result, tuple):
            self.heard.append(result[1])
        return result

    def of(self, asked: Attention, rows: Rows) -> torch.Tensor | None:
        """Those of the image's rows, (B, h, N); None where they are not known for certain.

        What was heard must be of one kernel, or of one each for the image and the rest, and fit the
        first and the last row of the image as they are compared here.
        """
        q = asked.q[:, :, rows.target]
        length = asked.q.shape[2]
        found = self.heard[0] if self.heard else None
        if found is None or found.shape not in {q.shape[:3], asked.q.shape[:3]}:
            return None
        split = found.shape[2] != length
        if len(self.heard) != 1 + split:
            return None
        found = found if split else found[:, :, rows.target]
        ends = [0, q.shape[2] - 1]
        literal = log_sum_exp(q[:, :, ends], asked.k, asked.scale)
        return found if torch.allclose(found[:, :, ends].float(), literal, atol=0.02) else None


def _some_heads(heads: int, values: int) -> Iterator[slice]:
    """All heads in order, as many at a time as `_TOGETHER` allows; values: of one head's maps."""
    together = max(1, _TOGETHER // max(1, values))
    for first in range(0, heads, together):
        yield slice(first, min(heads, first + together))
