"""The heads in which a model's image reads its text, named by the model's structure.

The layers of U-Nets are found here, those of transformers by the tables in hrv/families.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Literal, get_args

from torch import nn

from .text.untrusted import short

Stage = Literal["down", "mid", "up", "double", "single", "block"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""Of U-Nets down, mid, up; of transformers double and single, or block."""

# (layers, heads down, heads mid, heads up) -> name. Structure is all that the heads depend on.
_FAMILIES = {
    (16, 48, 8, 72): "SD1.x",
    (16, 70, 20, 105): "SD2.x",
    (70, 440, 200, 660): "SDXL",
    (44, 288, 96, 432): "SDXL refiner",
    (34, 200, 0, 400): "SSD-1B",
    (15, 100, 0, 150): "Segmind Vega",
    (21, 120, 0, 240): "KOALA 700M",
    (30, 140, 120, 280): "KOALA 1B",
}
_NAME = re.compile(rf"({'|'.join(STAGES)}), layer: (\d+), head: (\d+)")


@dataclass(frozen=True)
class HeadId:
    """One head: its stage, the layer counted from 0 in that stage, the head from 0."""

    stage: Stage
    layer: int
    head: int

    def __str__(self) -> str:
        return f"{self.stage}, layer: {self.layer}, head: {self.head}"

    @classmethod
    def parse(cls, text: str) -> HeadId:
        """Read the printed form; ValueError for anything else."""
        match = _NAME.fullmatch(text.strip())
        if match is None:
            raise ValueError(
                f"{short(text)!r} is not the name of a head. Write it like "
                "'down, layer: 0, head: 0' (the stage is down, mid or up)."
            )
        stage = next(p for p in STAGES if p == match[1])
        return cls(stage, int(match[2]), int(match[3]))


@dataclass(frozen=True)
class HeadTable:
    """The ordered heads of a model: stage by stage; layers in call order; heads from 0.

    `layers` holds (stage, layer, number of heads). ValueError if the order is another.
    architecture: what a transformer is called (`hrv.families`), empty for U-Nets; transformers of
    other text encoders may be built alike.
    """

    layers: tuple[tuple[Stage, int, int], ...]
    architecture: str = ""

    def __post_init__(self) -> None:
        counts: dict[Stage, int] = dict.fromkeys(STAGES, 0)
        reached = 0
        for stage, layer, heads in self.layers:
            if stage not in STAGES or STAGES.index(stage) < reached:
                raise ValueError(f"Head tables go down, mid, up; found {stage!r} out of order.")
            reached = STAGES.index(stage)
            if layer != counts[stage]:
                raise ValueError(
                    f"Layers count 0, 1, 2 ... in each stage; expected {stage} layer "
                    f"{counts[stage]}, found {layer}."
                )
            if heads < 1:
                raise ValueError(f"{stage} layer {layer} has {heads} heads; expected 1 or more.")
            counts[stage] += 1

    @classmethod
    def from_names(cls, names: Iterable[str], architecture: str = "") -> HeadTable:
        """Build the table whose names are exactly `names`, in this order; else ValueError."""
        listed = [HeadId.parse(str(name)) for name in names]
        runs = groupby(listed, key=lambda h: (h.stage, h.layer))
        layers = tuple((stage, layer, len(list(run))) for (stage, layer), run in runs)
        table = cls(layers, architecture)
        for expected, found in zip(table, listed, strict=True):
            if expected != found:
                raise ValueError(f"Heads out of order: expected '{expected}', found '{found}'.")
        return table

    @cached_property
    def _heads(self) -> tuple[HeadId, ...]:
        return tuple(HeadId(p, layer, h) for p, layer, n in self.layers for h in range(n))

    @cached_property
    def _index(self) -> dict[HeadId, int]:
        return {head: i for i, head in enumerate(self._heads)}

    @cached_property
    def _spans(self) -> dict[tuple[str, int], slice]:
        spans: dict[tuple[str, int], slice] = {}
        start = 0
        for stage, layer, heads in self.layers:
            spans[stage, layer] = slice(start, start + heads)
            start += heads
        return spans

    def __len__(self) -> int:
        return len(self._heads)

    def __iter__(self) -> Iterator[HeadId]:
        return iter(self._heads)

    def __getitem__(self, index: int) -> HeadId:
        return self._heads[index]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The printed form of every head, in order."""
        return tuple(str(head) for head in self._heads)

    def index(self, head: HeadId | str) -> int:
        """Where a head stands in the table; ValueError if the model has no such head."""
        wanted = HeadId.parse(head) if isinstance(head, str) else head
        if wanted not in self._index:
            raise ValueError(f"{self.description} has no head '{wanted}'.")
        return self._index[wanted]

    def span(self, stage: Stage, layer: int) -> slice:
        """The slice of the table taken by one layer; ValueError if there is no such layer."""
        if (stage, layer) not in self._spans:
            raise ValueError(f"{self.description} has no layer {layer} in '{stage}'.")
        return self._spans[stage, layer]

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that differ when any head's name or the architecture differs."""
        named = [self.architecture, *self.names] if self.architecture else self.names
        return hashlib.sha256("\n".join(named).encode()).hexdigest()[:16]

    @property
    def known_family(self) -> str | None:
        """The name of the model family with this structure, if it has one."""
        if self.architecture:
            return self.architecture
        down, mid, up = (
            sum(n for p, _, n in self.layers if p == stage) for stage in ("down", "mid", "up")
        )
        return _FAMILIES.get((len(self.layers), down, mid, up))

    @property
    def family(self) -> str:
        """The model family with this structure, or a description by its counts."""
        return self.known_family or f"a model with {self._counts}"

    @property
    def description(self) -> str:
        """The family with its counts, for messages: 'SD1.x (128 heads in 16 layers)'."""
        return f"{self.known_family} ({self._counts})" if self.known_family else self.family

    @property
    def _counts(self) -> str:
        return f"{len(self)} heads in {len(self.layers)} layers"


@dataclass(frozen=True)
class CrossAttentionLayer:
    """A layer in which the image reads the text, and where the host keeps it.

    block: the host's key such as ("input", 1); block_index: the depth inside its transformer;
    attention: the host's module (untyped), of U-Nets an attn2 with to_q, to_k, to_v, heads and
    dim_head; values: what in it projects the text's values, or empty where text and image attend
    jointly; queries, keys: what in it gives them as they are compared.
    """

    stage: Stage
    layer: int
    heads: int
    block: tuple[str, int]
    block_index: int
    attention: Any
    values: str = "to_v"
    queries: str = "to_q"
    keys: str = "to_k"


def cross_attention_layers(unet: nn.Module) -> tuple[CrossAttentionLayer, ...]:
    """Every text cross-attention layer of a U-Net in call order, found by its structure.

    ValueError names a model that has none, or whose attention runs through time as well.
    """
    found: list[CrossAttentionLayer] = []
    for stage, section, blocks in _sections(unet):
        layer = 0
        for number, block in enumerate(blocks):
            for depth, attention in _attentions(unet, block):
                heads = int(attention.heads)
                key = (section, number)
                found.append(CrossAttentionLayer(stage, layer, heads, key, depth, attention))
                layer += 1
    if not found:
        raise _unsupported(unet)
    return tuple(found)


def head_table(unet: nn.Module) -> HeadTable:
    """The ordered heads of a U-Net; errors as in `cross_attention_layers`."""
    return HeadTable(tuple((x.stage, x.layer, x.heads) for x in cross_attention_layers(unet)))


def _sections(unet: nn.Module) -> Iterator[tuple[Stage, str, list[nn.Module]]]:
    """(stage, host's section name, blocks); the middle block may be missing or None."""
    middle = getattr(unet, "middle_block", None)
    yield "down", "input", list(getattr(unet, "input_blocks", ()))
    yield "mid", "middle", [] if middle is None else [middle]
    yield "up", "output", list(getattr(unet, "output_blocks", ()))


def _attentions(unet: nn.Module, block: nn.Module) -> Iterator[tuple[int, Any]]:
    """(depth, attn2) of each transformer block directly inside a block of the U-Net."""
    for module in block.children():
        if hasattr(module, "time_stack"):
            raise _unsupported(unet)
        for depth, transformer in enumerate(getattr(module, "transformer_blocks", ())):
            attention = getattr(transformer, "attn2", None)
            reads_image = getattr(transformer, "switch_temporal_ca_to_sa", False)
            if attention is not None and not reads_image:
                yield depth, attention


def _unsupported(unet: nn.Module) -> ValueError:
    return ValueError(
        f"This kind of model ({type(unet).__name__}) cannot be steered by its heads yet. Use one "
        "of the SD1.x, SD2.x or SDXL kind. Word Weight and some other nodes also take "
        "transformers, such as Flux, Qwen-Image, Z-Image and Wan: docs/families.md of this pack "
        "lists them."
    )
