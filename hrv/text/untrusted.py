"""Text, JSON and numbers that anybody may have sent: read within bounds, or refused clearly."""

from __future__ import annotations

import json
import math
from pathlib import Path

LARGEST = 2_000_000
"""Bytes of a text file; the paper's 2,100 prompts have 150,000."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # its marks, of either order of bytes


def read_text(path: Path) -> str:
    """The text of a file: UTF-8, or UTF-16 with its mark, as Windows' editor may save it.

    ValueError says what is wrong with the file.
    """
    try:
        content = _read_bytes(path)
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path.name} is not UTF-8 text. Save it once more with the encoding UTF-8."
        ) from error
    if "\x00" in text:
        raise ValueError(f"{path.name} is not a text file.")
    return text


def _read_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{path.name} is larger than {LARGEST / 1e6:.0f} MB. Split it.")
    return content


def short(text: str, most: int = 80) -> str:
    """The text as a message may repeat it: its beginning, where it is long."""
    # numpy makes texts of damaged files whose characters are none
    readable = text.encode("utf-8", "replace").decode("utf-8", "replace")
    return readable if len(readable) <= most else readable[: most - 1] + "…"


def require_whole_characters(text: str) -> None:
    """ValueError for half of a character, which only a program can send."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"“{short(text)}” holds half of a character (U+{ord(text[error.start]):04X}), which no "
            "text encoder can read. Type the text anew."
        ) from error


def require_number(name: str, found: float) -> None:
    """ValueError, naming the setting, for nan and infinity, which only a program can send."""
    if not math.isfinite(found):
        raise ValueError(f"{name} should be a number; found {found}.")


def parse_json(text: str) -> object:
    """The value that a JSON text stands for; ValueError if it stands for none."""
    try:
        found: object = json.loads(text)
        return found
    except (ValueError, RecursionError) as error:
        raise ValueError(f"This is not readable JSON ({error}).") from error
