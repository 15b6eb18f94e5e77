"""Sets of numbers in short, as the provenance of HRVs keeps which prompts were counted."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..text.untrusted import short

MOST = 10**7
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


def ranges(numbers: Iterable[int]) -> str:
    """Sorted numbers in short: 0-99, 120."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def read_ranges(text: str) -> set[int]:
    """The numbers that `ranges` wrote; ValueError for another text, and for far too many."""
    found: set[int] = set()
    for part in (part for part in text.split(", ") if part):
        read = _RANGE.fullmatch(part)
        first, last = (int(read[1]), int(read[2] or read[1])) if read else (0, MOST)
        if last - first >= MOST - len(found):
            raise ValueError(
                f"Expected numbers of prompts such as 0-99, 120; found {short(text)!r}."
            )
        found.update(range(first, last + 1))
    return found
