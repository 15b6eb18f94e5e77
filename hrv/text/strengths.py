"""A row of strengths as an artist types it: "0, 0.5, 1, 1.5", or "0 to 1.5 in 4"."""

from __future__ import annotations

import re

from .inline import STRONGEST
from .untrusted import short

MOST = 24
"""The largest number of strengths in a row; each of them is an image to sample."""
_FORM = "Write it like 0, 0.5, 1, 1.5 or like 0 to 1.5 in 4."
_NUMBER = r"\d+\.?\d*|\.\d+"
_ONE = re.compile(_NUMBER)
_RANGE = re.compile(rf"({_NUMBER})\s*to\s*({_NUMBER})\s*in\s*(\d{{1,9}})", re.IGNORECASE)


def read_strengths(text: str) -> tuple[float, ...]:
    """The strengths of a text in its order, each once.

    "0 to 1.5 in 4" are four at equal distances, both ends among them. ValueError, quoting the
    part, for what is no strength, and where there are none or more than `MOST`.
    """
    parts = filter(None, map(str.strip, re.split(r"[,;\n]", text)))
    found = tuple(dict.fromkeys(round(each, 6) for part in parts for each in _read(part)))
    if not found:
        raise ValueError(f"Type the strengths to try. {_FORM}")
    if len(found) > MOST:
        raise ValueError(f"These are {len(found)} strengths; use {MOST} at most.")
    return found


def _read(part: str) -> list[float]:
    """The strengths of what stands between two commas."""
    span = _RANGE.fullmatch(part)
    if span is None and not _ONE.fullmatch(part):
        said = short(part)
        raise ValueError(f"“{said}” is no strength. {_FORM} Decimals have a point, as in 0.5.")
    found = [float(part)] if span is None else _between(part, *span.groups())
    for strength in found:
        if strength > STRONGEST:
            raise ValueError(f"The strength {strength:g} is too large; use 0 to {STRONGEST:g}.")
    return found


def _between(part: str, first: str, last: str, count: str) -> list[float]:
    steps = int(count) - 1
    if not 1 <= steps < MOST:
        raise ValueError(f"“{short(part)}” asks for {short(count)} strengths; use 2 to {MOST}.")
    start, end = float(first), float(last)
    return [start + (end - start) * i / steps for i in range(steps + 1)]
