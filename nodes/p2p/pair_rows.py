"""Where the source and target images of a pair lie in a U-Net call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from ..host.hooks import Call
from ..prompts.tag import Prompt


class Rows(NamedTuple):
    """The batch rows (n,) of the source and target images of the pairs."""

    source: torch.Tensor
    target: torch.Tensor


@dataclass
class PairState:
    """paired: whether the images start from the same noise two by two; None: not looked yet."""

    paired: bool | None = None


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
    source, target = (torch.tensor(part, device=call.x.device) for part in spans)
    return Rows(source, target)


def _start_alike(noise: torch.Tensor | None) -> bool:
    return noise is None or torch.equal(noise[0::2], noise[1::2])
