"""Looking for words where only one of several texts may have them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_any(items: Iterable[T], find: Callable[[T], R]) -> list[R | None]:
    """`find` of every item, None where it raises ValueError; the first error if all of them do.

    A prompt of two encoders, a pair, or a CONDITIONING of several prompts has a word as soon as
    one of its texts has it.
    """
    found: list[R | None] = []
    errors: list[ValueError] = []
    for item in items:
        try:
            found.append(find(item))
        except ValueError as error:
            found.append(None)
            errors.append(error)
    if errors and len(errors) == len(found):
        raise errors[0]
    return found
