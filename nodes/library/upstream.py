"""What “auto” will choose, for a model that the page sees upstream, before anything runs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import folder_paths

from ...hrv.files.checkpoint_heads import checkpoint_heads
from ...hrv.heads import HeadTable
from . import folders as library
from .fitting import Fitting, fitting

DEMO_LOADER = "HRVDemoModel"
"""The type of the node that loads the demo model."""
_KINDS = ("checkpoints", "diffusion_models")
"""ComfyUI's folders that hold models."""


def concepts_upstream(loader: str, checkpoint: str) -> list[str]:
    """The concepts for the model of a loader: its node type, and the file it names.

    Those of the file that auto takes; where one of the user's own may be made with this very
    checkpoint, its concepts too. Of an unknown model those of every file.
    """
    heads, weights = _demo() if loader == DEMO_LOADER else (_heads_of(checkpoint), "")
    found = fitting(heads, weights) if heads is not None else []
    if not found:
        return library.known_concepts()
    may_be = [found[0], *(each for each in found[1:] if not weights and _own(each))]
    return list(dict.fromkeys(name for each in may_be for name in each.concepts))


def _own(file: Fitting) -> bool:
    return not file.general and not file.of_one_word


def _demo() -> tuple[HeadTable | None, str]:
    """The demo model's heads, and the digest of its weights, as the files that come with it say."""
    headers = (library.header(name) for name in library.names() if library.is_shipped(name))
    for header in filter(None, headers):
        return header.heads, header.provenance.get("weights", "")
    return None, ""


def _heads_of(checkpoint: str) -> HeadTable | None:
    for kind in _KINDS:
        path = folder_paths.get_full_path(kind, checkpoint) if checkpoint else None
        if path is not None:
            return _read(Path(path), Path(path).stat().st_mtime_ns)
    return None


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> HeadTable | None:
    """A checkpoint's heads, read once until its file changes."""
    return checkpoint_heads(path)
