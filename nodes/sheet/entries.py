"""What stands on a sheet, out of the lists that the host hands to the node."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ...hrv.draw.canvas import Pixels
from ...hrv.draw.sheet import Entry


def read_entries(images: Sequence[Tensor], labels: Sequence[str]) -> list[Entry]:
    """Each IMAGE (batch, height, width, 3 or 4) with its label; a lone one's images one by one.

    A single label may have a line for each; a lone batch with one line is a row of its own.
    ValueError where their numbers differ.
    """
    captions = _captions(labels)
    lone = len(images) == 1 and len(captions) != 1
    batches = [image[None] for image in images[0]] if lone else list(images)
    if captions and len(captions) != len(batches):
        raise ValueError(
            f"HRV Sheet: {_counted(len(batches), 'image')} came with "
            f"{_counted(len(captions), 'label')}. Give each image a label, one per line, or "
            "connect none."
        )
    listed = captions or [""] * len(batches)
    return [Entry(name, _pixels(batch)) for name, batch in zip(listed, batches, strict=True)]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _captions(labels: Sequence[str]) -> list[str]:
    """The labels; of a single one its lines. None where all are empty."""
    lines = labels[0].strip().splitlines() if len(labels) == 1 else labels
    found = [line.strip() for line in lines]
    return found if any(found) else []


def _pixels(batch: Tensor) -> list[Pixels]:
    shown = (batch[..., :3].float().cpu().clamp(0, 1) * 255).round().byte()
    return list(shown.numpy())
