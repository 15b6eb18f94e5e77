"""Where the source and target images of a pair lie in a U-Net call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from ..host.hooks import Call
from ..prompts.tag import Prompt


class Rows(NamedTuple):
    """The batch rows (n,) of the source and target images of the pairs."""

    source: torch.Tensor
    target: torch.Tensor


_Where = tuple[torch.device, tuple[int, ...], tuple[int, ...]]
"""A device, and the rows of the source and of the target images."""


@dataclass
class PairState:
    """paired: whether the images start from the same noise two by two; None: not looked yet."""

    paired: bool | None = None
    _rows: dict[_Where, Rows] = field(default_factory=dict)

    def rows(self, spans: Iterable[Iterable[int]], device: torch.device) -> Rows:
        """The rows on a device, put there once: a GPU is waited for each time."""
        source, target = map(tuple, spans)
        key = (device, source, target)
        if key not in self._rows:
            self._rows[key] = Rows(*(torch.tensor(rows, device=device) for rows in key[1:]))
        return self._rows[key]


def pair_rows(call: Call, pair: Prompt, state: PairState) -> Rows | None:
    """Where a pair's images lie in this call's batch, or None; ValueError if unpaired."""
    spans: tuple[list[int], list[int]] = ([], [])
    for prompt, rows in call.tagged():
        if prompt.pair_id == pair.id:
            spans[prompt.member].extend(range(call.rows)[rows])
    if not spans[0]:
        return None
    if state.paired is None:
        state.paired = _start_alike(call.run.noise)
    if len(spans[0]) != len(spans[1]) or not state.paired:
        raise ValueError(
            "P2P-HRV Edit makes its images in pairs that start from the same noise, but this "
            "sampler's latent batch is not paired. Connect the LATENT output of P2P-HRV Edit to "
            "the sampler, with nothing in between that changes the batch."
        )
    return state.rows(spans, call.x.device)


def _start_alike(noise: torch.Tensor | None) -> bool:
    return noise is None or torch.equal(noise[0::2], noise[1::2])
