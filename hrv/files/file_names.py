"""Names of HRV files: which there are, where one lies, and what one may be called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from ..text.spelling import nearest
from ..text.untrusted import short

SUFFIX = ".safetensors"
# What Windows, macOS or Linux would refuse or misread in a file name.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE
)
_LONGEST_PART = 255  # bytes, on every file system
_LONGEST_NAME = 200  # bytes; leaves room for what saving adds


def resolve_name(name: str, folders: Iterable[str | os.PathLike[str]]) -> Path:
    """The HRV file `name` in the first of `folders` that has it, never outside these folders.

    `name` may lead into a subfolder ("mine/vase.safetensors", with either slash). ValueError for
    absolute names, `..`, links that lead outside, other kinds of files, and names not found.
    """
    _require_storable(name)
    parts = PureWindowsPath(name).parts  # knows both slashes, drives and ".." on every system
    plain = bool(parts) and not PureWindowsPath(name).anchor
    if not plain or any(part == ".." or ":" in part for part in parts):
        raise ValueError(
            f"{short(name)!r} leads out of the HRV folders. Put the file into models/hrv/ and "
            "choose it by its name there."
        )
    if Path(parts[-1]).suffix != SUFFIX:
        raise ValueError(f"{short(name)!r} is not an HRV file: its name should end in {SUFFIX}.")
    roots = [Path(folder).resolve() for folder in folders]
    for root in roots:
        found = root.joinpath(*parts).resolve()
        if found.is_file():
            if not found.is_relative_to(root):
                raise ValueError(
                    f"{short(name)!r} is a link out of {root}. Put the file itself there."
                )
            return found
    raise ValueError(_not_found("/".join(parts), roots))


def _not_found(name: str, roots: list[Path]) -> str:
    known = list_names(roots)
    there = ", ".join(known) or "none"
    places = ", ".join(map(str, roots))
    return (
        f"There is no HRV file {short(name)!r}.{nearest(name, known)} "
        f"Files there: {there}. Folders: {places}."
    )


def list_names(folders: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Names of all HRV files in `folders` and below, sorted, with forward slashes."""
    return sorted(
        {
            file.relative_to(folder).as_posix()
            for folder in map(Path, folders)
            for file in folder.rglob(f"*{SUFFIX}")
        }
    )


def safe_file_name(name: str) -> str:
    """The file name for an HRV that its maker calls `name`: `name` itself plus the suffix.

    ValueError for a name that would leave the folder or that some system cannot store.
    """
    stem = name.strip().removesuffix(SUFFIX).strip()
    forbidden = sorted(set(_FORBIDDEN.findall(stem)))
    if forbidden:
        raise ValueError(
            f"The name {short(name)!r} holds {' '.join(map(repr, forbidden))}; leave it out."
        )
    if not stem or stem.startswith(".") or stem.endswith(".") or _RESERVED.fullmatch(stem):
        raise ValueError(
            f"{short(name)!r} cannot be a file name. Choose a name such as 'my vases'."
        )
    _require_storable(stem)
    if len(stem.encode()) > _LONGEST_NAME:
        raise ValueError(f"The name is too long ({len(stem)} letters). Choose a shorter one.")
    return stem + SUFFIX


def _require_storable(name: str) -> None:
    """ValueError for a name that no file system takes, however it is used."""
    if "\x00" in name or any(0xD800 <= ord(letter) <= 0xDFFF for letter in name):
        raise ValueError(f"{short(name)!r} holds characters that no file name can have.")
    if any(len(part.encode()) > _LONGEST_PART for part in re.split(r"[/\\]", name)):
        raise ValueError(f"{short(name)!r} is longer than a file name can be.")
