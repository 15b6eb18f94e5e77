"""On a sheet every image stands with all its pixels, where its place in the row says."""

from __future__ import annotations

import numpy as np
import pytest

from hrv_pack.hrv.draw.canvas import DARK, LIGHT
from hrv_pack.hrv.draw.sheet import FULL_ROW, Entry, sheet

RANDOM = np.random.default_rng(4)


def image(height: int = 40, width: int = 100) -> np.ndarray:
    return RANDOM.integers(0, 256, (height, width, 3), dtype=np.uint8)


def entries(count: int, batch: int = 1, caption: str = "strength") -> list[Entry]:
    return [Entry(f"{caption} {i}", [image() for _ in range(batch)]) for i in range(count)]


def place(page: np.ndarray, wanted: np.ndarray) -> tuple[int, int]:
    """(y, x) of the one place where an image stands on a page, pixel by pixel."""
    height, width = wanted.shape[:2]
    found = [
        (y, x)
        for y, x in np.argwhere((page == wanted[0, 0]).all(axis=-1))
        if np.array_equal(page[y : y + height, x : x + width], wanted)
    ]
    assert len(found) == 1
    return int(found[0][0]), int(found[0][1])


def places(page: np.ndarray, listed: list[Entry]) -> list[list[tuple[int, int]]]:
    return [[place(page, each) for each in entry.images] for entry in listed]


@pytest.mark.parametrize("dark", [False, True])
def test_single_images_run_in_rows_of_as_many_columns_as_asked(dark):
    listed = entries(5)
    page = sheet(listed, columns=2, title="mouse", dark=dark)
    found = [each for (each,) in places(page, listed)]
    rows = sorted({y for y, _ in found})
    columns = sorted({x for _, x in found})
    assert found == [(rows[i // 2], columns[i % 2]) for i in range(5)]
    theme = DARK if dark else LIGHT
    assert page[0, 0].tolist() == [int(theme.page[i : i + 2], 16) for i in (1, 3, 5)]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (FULL_ROW, FULL_ROW), (6, 3), (7, 4)])
def test_without_a_wish_rows_are_about_equally_long(count, columns):
    listed = entries(count)
    found = [each for (each,) in places(sheet(listed), listed)]
    assert len({x for _, x in found}) == columns


def test_batches_are_rows_whatever_columns_say():
    listed = [*entries(2, batch=3), *entries(1, batch=2)]
    found = places(sheet(listed, columns=1), listed)
    for row in found:
        assert len({y for y, _ in row}) == 1
        assert [x for _, x in row] == [x for _, x in found[0]][: len(row)]
    assert [row[0][0] for row in found] == sorted({row[0][0] for row in found})


def test_smaller_images_stand_unscaled_in_the_middle_of_a_cell_of_the_largest():
    large, small = image(64, 120), image(20, 100)
    page = sheet([Entry("", [large]), Entry("", [small])])
    (y, x), (top, left) = place(page, large), place(page, small)
    assert top - y == (64 - 20) // 2
    assert left - x == 120 + 8 + (120 - 100) // 2


def test_captions_are_drawn_and_take_no_room_where_there_are_none():
    listed = entries(3)
    bare = [Entry("", entry.images) for entry in listed]
    named, plain = sheet(listed), sheet(bare)
    (y, x), (without, _) = place(named, listed[0].images[0]), place(plain, listed[0].images[0])
    above = named[:y, x : x + 100]
    assert (above != named[0, 0]).any() and (plain[:without] == plain[0, 0]).all()
    assert named.shape[0] - plain.shape[0] == y - without > 0


def test_a_caption_stays_within_its_own_cell():
    listed = entries(2, caption="a very long caption that nobody could read in so small a place")
    page = sheet(listed)
    (y, x), (_, second) = (place(page, entry.images[0]) for entry in listed)
    assert (page[:y, x + 100 : second] == page[0, 0]).all()


@pytest.mark.parametrize(("height", "width"), [(1, 9000), (6000, 6500)])
def test_a_page_that_is_too_large_is_refused_in_words(height, width):
    large = np.broadcast_to(np.uint8(0), (height, width, 3))
    with pytest.raises(ValueError, match="fewer images"):
        sheet([Entry("", [large])] * 4)


@pytest.mark.parametrize("listed", [[], [Entry("", [])], [Entry("a", []), Entry("b", [])]])
def test_a_page_of_no_images_is_refused_in_words(listed):
    with pytest.raises(ValueError, match=r"no images came\. Connect"):
        sheet(listed)
