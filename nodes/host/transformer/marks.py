"""Marks of the layer that runs, as forward hooks of its module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ....hrv.heads import CrossAttentionLayer


@dataclass
class Running:
    """The layer whose attention runs, if one does."""

    layer: CrossAttentionLayer | None = None


@dataclass(frozen=True)
class Mark:
    """A forward hook, before the module or after it, that says which layer runs from now on."""

    running: Running
    layer: CrossAttentionLayer | None

    def __call__(self, *_: Any) -> None:
        self.running.layer = self.layer
