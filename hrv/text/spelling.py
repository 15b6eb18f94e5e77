"""Nearest spelling, for messages about a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str], likeness: float = 0.5) -> str:
    """' Did you mean ...?' with the known name spelled most like `name`, or an empty string.

    likeness: how much of both must be alike, from 0 to 1.
    """
    by_key = {entry.casefold(): entry for entry in known}
    close = get_close_matches(name.strip().casefold(), list(by_key), n=1, cutoff=likeness)
    return f" Did you mean {by_key[close[0]]!r}?" if close else ""
