"""The heads of a checkpoint by the names and shapes in its file, without loading a weight."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open

from ..heads import STAGES, HeadTable, Stage

_STAGES: dict[str, Stage] = {"input_blocks": "down", "middle_block": "mid", "output_blocks": "up"}
_KEYS = re.compile(
    r"(?:^|\.)(input_blocks|middle_block|output_blocks)\.(\d+)\.(?:\d+\.)?"
    r"transformer_blocks\.(\d+)\.attn2\.to_k\.weight$"
)
_VIDEO = "time_stack"
_SD1_CONTEXT, _SD1_HEADS = 768, 8
_HEAD_SIZE = 64  # of every later family, whose number of heads follows from a layer's width


def checkpoint_heads(path: Path) -> HeadTable | None:
    """The head table of a .safetensors checkpoint; None where it has no such U-Net.

    Also None for a file that is not of the kind, or is named in another way (diffusers).
    """
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            shapes = {n: tuple(file.get_slice(n).get_shape()) for n in names if _KEYS.search(n)}
    except (OSError, SafetensorError):
        return None
    return None if any(_VIDEO in name for name in names) else heads_of_shapes(shapes)


def heads_of_shapes(shapes: Mapping[str, tuple[int, ...]]) -> HeadTable | None:
    """The head table of a U-Net by {name: shape} of its weights; None where none is of attention.

    An attn2.to_k weight is (width of the layer, width of the text).
    """
    rows = []
    for name, shape in shapes.items():
        key = _KEYS.search(name)
        if key and len(shape) == 2:
            width, context = shape
            heads = _SD1_HEADS if context == _SD1_CONTEXT else width // _HEAD_SIZE
            place = STAGES.index(_STAGES[key[1]])
            rows.append((place, int(key[2]), int(key[3]), heads))
    if not rows:
        return None
    ordered = [(STAGES[place], heads) for place, _block, _depth, heads in sorted(rows)]
    before = [stage for stage, _ in ordered]
    numbered = ((s, before[:i].count(s), heads) for i, (s, heads) in enumerate(ordered))
    return HeadTable(tuple(numbered))
