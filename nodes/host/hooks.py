"""What the edits of a patched model see of a sampling and of each U-Net call in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch

from ...hrv.heads import CrossAttentionLayer, HeadTable, cross_attention_layers, head_table
from ..prompts.tag import Prompt
from .stepping import Moment


@dataclasses.dataclass(frozen=True)
class Chunk:
    """The rows of one tagged prompt in a UNet batch: its identity and its own token length.

    group, turn: of prompts that take turns in the rows of one conditioning, which and whose turn.
    """

    prompt_id: str
    length: int
    group: str = ""
    turn: int = 0


class Run:
    """State of one sampling, thrown away after it; edits keep theirs under `state(edit)`.

    sigmas: the noise levels of its steps and the last one; noise: what it starts from.
    """

    def __init__(
        self, sigmas: torch.Tensor | None = None, noise: torch.Tensor | None = None
    ) -> None:
        self.sigmas = sigmas
        self.noise = noise
        self.result: Any = None  # the sampled latent, when `finish` is called
        self._states: dict[int, dict[Any, Any]] = {}
        self._layers: dict[int, tuple[tuple[CrossAttentionLayer, ...], HeadTable]] = {}

    def state(self, edit: Any) -> dict[Any, Any]:
        return self._states.setdefault(id(edit), {})

    def layers(self, unet: Any) -> tuple[tuple[CrossAttentionLayer, ...], HeadTable]:
        if id(unet) not in self._layers:
            self._layers[id(unet)] = (cross_attention_layers(unet), head_table(unet))
        return self._layers[id(unet)]


@dataclasses.dataclass(frozen=True)
class Call:
    """One UNet call as the edits see it.

    chunks: the tagged prompt behind each of the spans, else None; spans: their batch rows;
    tokens: length of the context after the host repeated shorter prompts; sigma: noise level;
    x: the UNet's input (rows, channels, height, width).
    """

    layers: tuple[CrossAttentionLayer, ...]
    heads: HeadTable
    chunks: tuple[Chunk | None, ...]
    spans: tuple[slice, ...]
    rows: int
    tokens: int
    sigma: float
    x: torch.Tensor
    unet: Any
    run: Run

    def row_span(self, chunk: int) -> slice:
        """The batch rows of the chunk with this number; every n-th where n prompts take turns."""
        return self.spans[chunk]


class Edit(Protocol):
    """Something that reads or changes attention while a patched model samples."""

    label: str

    def prompts(self) -> Iterable[Prompt]:
        """The prompts that must take part in the sampling."""
        ...

    def attach(self, call: Call) -> Iterable[Any]:
        """Hook the layers for this call; the handles returned are removed after it."""
        ...

    def finish(self, run: Run) -> None:
        """Called after the sampling succeeded."""
        ...


class Mover(Edit, Protocol):
    """An edit that also moves the latent."""

    def move(self, run: Run, moment: Moment) -> None:
        """Called before the first evaluation of each step; changes `moment.x` in place."""
        ...


Look = Callable[[Call, Callable[[], Any]], None]
