"""Sets of numbers in short, as the provenance of HRVs keeps which prompts were counted."""

from __future__ import annotations

from collections.abc import Iterable


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
    """The numbers that `ranges` wrote."""
    pairs = (part.split("-") for part in text.split(", ") if part)
    return {number for pair in pairs for number in range(int(pair[0]), int(pair[-1]) + 1)}
