"""Numbers in short read back."""

from __future__ import annotations

from hrv_pack.hrv.construct.ranges import ranges, read_ranges


def test_ranges_read_back():
    numbers = [0, 1, 2, 5, 7, 8]
    assert ranges(numbers) == "0-2, 5, 7-8"
    assert read_ranges(ranges(numbers)) == set(numbers)
    assert read_ranges(ranges([])) == set()
