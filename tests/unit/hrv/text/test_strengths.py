"""A row of strengths is what was typed, in its order, each once; all else is refused in words."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.text.inline import STRONGEST
from hrv_pack.hrv.text.strengths import MOST, read_strengths


@pytest.mark.parametrize(
    ("text", "strengths"),
    [
        ("0, 0.5, 1, 1.5", (0, 0.5, 1, 1.5)),
        ("1.5; .5\n0", (1.5, 0.5, 0)),
        ("0 to 1.5 in 4", (0, 0.5, 1, 1.5)),
        ("1 TO 0 in 3", (1, 0.5, 0)),
        ("0 to 1 in 3, 1 to 3 in 3,", (0, 0.5, 1, 2, 3)),
        ("1, 0.5, 1.0", (1, 0.5)),
        ("0 to 0.3 in 4", (0, 0.1, 0.2, 0.3)),
    ],
)
def test_what_was_typed_in_its_order_and_each_once(text, strengths):
    assert read_strengths(text) == strengths


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type the strengths"),
        (" , ", "Type the strengths"),
        ("0, much", "“much” is no strength"),
        ("-1", "“-1” is no strength"),
        ("nan", "“nan” is no strength"),
        ("0 to 1", "“0 to 1” is no strength"),
        ("0 to 1 in 1", "asks for 1 strengths"),
        ("0 to 1 in 999", "asks for 999 strengths"),
        (f"0, {STRONGEST + 0.1:g}", "too large"),
        ("0 to 9 in 3", "too large"),
        ("0 to 1 in 20, 2 to 3 in 20", f"40 strengths; use {MOST} at most"),
    ],
)
def test_all_else_is_refused_and_quoted(text, said):
    with pytest.raises(ValueError, match=said):
        read_strengths(text)
