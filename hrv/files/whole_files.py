"""Files that are there whole or not at all, the same content always as the same bytes, and the
metadata of safetensors files, read back with a check."""

from __future__ import annotations

import glob
import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeGuard

from safetensors.torch import save
from torch import Tensor

from ..text.untrusted import parse_json

try:
    import fcntl
except ImportError:  # Windows, which deletes and moves no file that is open
    fcntl = None  # type: ignore[assignment]


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step: a reader sees the old file or the new one, no half.

    What killed processes left beside it goes. ValueError says why it cannot be written: a full
    disk, a folder that may not be written to.
    """
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        try:
            with beside.open("xb") as file:
                _hold(file)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                if fcntl is not None:
                    beside.replace(path)  # while it is held
            if fcntl is None:
                beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(
            f"{path.name} cannot be saved in {path.parent}: {error.strerror or error}. What was "
            "saved before is kept. Make room or choose another folder, and run again."
        ) from error


def _hold(file: BinaryIO) -> None:
    """Mark a half as being written; the system forgets the mark with the process."""
    if fcntl is not None:
        with suppress(OSError):  # some network drives have no locks
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_abandoned(path: Path) -> None:
    """Remove the halves of `path` that nobody writes any more."""
    for half in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):  # it is held: by another process, or, on Windows, open there
            if fcntl is not None:
                with half.open("r+b") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    half.unlink()
            else:
                half.unlink()


def safetensors_bytes(tensors: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    """A safetensors file with a sorted header; the library's own order is random."""
    content = save(tensors, metadata)
    size = int.from_bytes(content[:8], "little")
    header = json.dumps(
        json.loads(content[8 : 8 + size]), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    header += b" " * (-len(header) % 8)  # the format aligns the data to 8 bytes
    return len(header).to_bytes(8, "little") + header + content[8 + size :]


def names_in(metadata: Mapping[str, str], key: str) -> tuple[str, ...]:
    """A list of names; ValueError if there is none."""
    value = _json(metadata, key)
    if not _is_strings(value):
        raise ValueError(f"Its metadata {key!r} should be a list of names.")
    return tuple(value)


def word_lists_in(metadata: Mapping[str, str], key: str) -> tuple[tuple[str, ...], ...]:
    """A list of words for each concept; ValueError if there is none."""
    value = _json(metadata, key)
    if not (isinstance(value, list) and all(_is_strings(words) for words in value)):
        raise ValueError(f"Its metadata {key!r} should be one list of words for each concept.")
    return tuple(tuple(words) for words in value)


def texts_in(metadata: Mapping[str, str], key: str) -> dict[str, str]:
    """A table of texts by name; ValueError if there is none."""
    value = _json(metadata, key)
    if not (isinstance(value, dict) and _is_strings(list(value.values()))):
        raise ValueError(f"Its metadata {key!r} should be a table of texts.")
    return value


def _json(metadata: Mapping[str, str], key: str) -> object:
    if key not in metadata:
        raise ValueError(f"Its metadata lacks {key!r}. Save it again with HRV Save.")
    try:
        return parse_json(metadata[key])
    except ValueError as error:
        raise ValueError(f"Its metadata {key!r} cannot be used. {error}") from error


def _is_strings(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
