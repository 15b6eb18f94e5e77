"""Where the heads of a model stand when its layers are laid out side by side."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..heads import HeadId, HeadTable
from .canvas import Values

_MANY_LAYERS = 30  # beyond, cells are so narrow that a gap of one would be lost


@dataclass(frozen=True)
class HeadGrid:
    """Where each head of a table stands: a column for each layer, a row for each head number."""

    heads: HeadTable

    @property
    def rows(self) -> int:
        """The most heads of any layer."""
        return max(heads for _, _, heads in self.heads.layers)

    @property
    def columns(self) -> int:
        """Layers, and gaps between the stages."""
        return self.blocks()[-1][2]

    def blocks(self) -> list[tuple[str, int, int]]:
        """(stage, first column, column after the last), with a gap between two stages."""
        gap = 1 if len(self.heads.layers) <= _MANY_LAYERS else 2
        found, start = [], 0
        for stage, layers in itertools.groupby(self.heads.layers, key=lambda layer: layer[0]):
            stop = start + len(list(layers))
            found.append((str(stage), start, stop))
            start = stop + gap
        return found

    def cell(self, head: HeadId) -> tuple[int, int]:
        """(column, row) of a head."""
        start = next(first for stage, first, _ in self.blocks() if stage == head.stage)
        return start + head.layer, head.head

    def spread(self, vector: Tensor) -> Values:
        """A vector (H,) as (rows, columns); NaN where there is no head."""
        grid = np.full((self.rows, self.columns), np.nan)
        for head, value in zip(self.heads, vector.tolist(), strict=True):
            column, row = self.cell(head)
            grid[row, column] = value
        return grid
