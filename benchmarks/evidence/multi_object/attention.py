"""Whether attention to a word goes with its object being there, as Attend-and-Excite supposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ....hrv.heads import HeadTable
from ....hrv.maps import LayerMaps
from ...framework.map_sizes import heads_by_size
from ..lab import Conditioning, Lab

SMALLEST = 6
"""A&E-HRV compares the coarsest maps with so many pixels to a side: its `auto`."""


@dataclass(frozen=True)
class Watched:
    """Of plain sampling: the maps of each object's word, the mean over the steps."""

    heads: HeadTable
    words: Sequence[list[LayerMaps]]

    @property
    def heads_of_compared_size(self) -> Tensor:
        """The heads whose maps A&E-HRV need not resize, (H,) bool."""
        found = heads_by_size(self.words[0], self.heads)
        return found[min((size for size in found if min(size) >= SMALLEST), default=max(found))]

    def attended(self) -> dict[str, list[list[float]]]:
        """Resolution -> for each object the strongest attention to its word, image by image.

        The mean over the heads of that resolution.
        """
        found: dict[str, list[list[float]]] = {}
        for layers in self.words:
            for size in sorted({layer.size for layer in layers}, reverse=True):
                maps = torch.cat([each.maps for each in layers if each.size == size], dim=1)
                strongest = maps.mean(dim=(1, 2)).amax(dim=(-2, -1))
                found.setdefault(f"{size[0]} x {size[1]}", []).append(strongest.tolist())
        return found


def watch(lab: Lab, kinds: Sequence[str], seeds: Sequence[int], positive: Conditioning) -> Watched:
    """Sample plainly and keep the words' maps.

    Sampled anew, so that the time kept for plain images is not that of watching.
    """
    from ....nodes.maps.capture import HRVCapture

    model, captured = HRVCapture.execute(lab.model, positive).args
    latent = lab.latents(model, positive, seeds)
    words = [captured.word(latent, kind) for kind in kinds]
    return Watched(words[0][0].heads, [layers for _, layers in words])
