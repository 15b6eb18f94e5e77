"""Laws of looking for a word in several texts."""

from __future__ import annotations

import pytest

from hrv_pack.hrv.text.search import in_any


def test_one_text_that_has_it_is_enough():
    assert in_any(["1", "x", "3"], int) == [1, None, 3]
    assert in_any([], int) == []


def test_where_no_text_has_it_the_first_error_says_why():
    with pytest.raises(ValueError, match="'x'"):
        in_any(["x", "y"], int)


def test_other_errors_pass():
    with pytest.raises(KeyError):
        in_any(["x", "y"], {"y": 1}.__getitem__)
