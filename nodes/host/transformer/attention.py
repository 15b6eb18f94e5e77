"""One attention that the host asks for, whole or some rows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ....hrv.families.joint import Rows, put_rows, take_rows


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
        target = self.rows((rows.target,), values)
        return put_rows(target, self.rows(rows.others, self.v), rows, dim)

    @property
    def scale(self) -> float:
        """What its logits are multiplied by."""
        return float(self.more.get("scale") or self.q.shape[-1] ** -0.5)

    def rows(self, rows: tuple[slice, ...], values: torch.Tensor) -> torch.Tensor:
        """These rows of it, one slice after the other, with `values` in place of v."""
        mask, length = self.mask, self.q.shape[2]
        if mask is not None and mask.ndim > 1 and mask.shape[-2] == length > 1:
            mask = take_rows(mask, rows, -2)
        q = take_rows(self.q, rows, 2).contiguous()  # some attention backends want it so
        return self.attend(q, self.k, values, self.heads, mask=mask, **self.more)


def asked_for(
    attend: Callable[..., torch.Tensor], *args: Any, mask: Any = None, **more: Any
) -> Attention:
    """The call of the host's attention as an `Attention`; heads and mask come by name too."""
    q, k, v, *rest = args
    heads = rest[0] if rest else more.pop("heads")
    return Attention(attend, q, k, v, heads, rest[1] if len(rest) > 1 else mask, more)
